import { expect } from "chai";
import type { Browser } from "playwright-core";
import type { Played, Stage } from "../../scripts/demo/stage.ts";
import { LOOKS, Visitor } from "./Visitor.ts";

/** A view of the dashboard, and its address. */
export interface View {
  readonly name: string;
  readonly path: string;
}

/** Every view, details included, with data to show. */
export function viewsOf({ cast: { operators, modelId } }: Stage, { ended, settledBatch }: Played): View[] {
  const [ada, , , dee] = operators;
  const inference = (index: number) => `/inferences/${ended.at(index)?.run.requestId}`;
  return [
    { name: "overview", path: "/" },
    { name: "inferences", path: "/inferences" },
    { name: "nodes", path: "/nodes" },
    { name: "inference-zk", path: inference(0) },
    { name: "inference-tee", path: inference(12) },
    { name: "inference-defaulted", path: inference(-1) },
    { name: "node-zk", path: `/nodes/${ada.nodeId}` },
    { name: "node-tee", path: `/nodes/${dee.nodeId}` },
    { name: "models", path: "/models" },
    { name: "model", path: `/models/${modelId}` },
    { name: "batches", path: "/batches" },
    { name: "batch", path: `/batches/${settledBatch.digest}` },
    { name: "enclaves", path: "/enclaves" },
  ];
}

/** Views that list what there is: with a month behind it, some of everything. */
const LISTS = new Set(["/inferences", "/nodes", "/models", "/batches", "/enclaves"]);

/** Every view, as everybody may look at it. */
export function testViews(browser: Browser, stage: Stage, played: Played): void {
  for (const { name, path } of viewsOf(stage, played)) {
    describe(`The view ${name}`, () => {
      for (const look of LOOKS) {
        it(`is whole in ${look.theme}, on a ${look.size}`, () =>
          Visitor.visit(browser, stage.indexer.url, look, async (visitor) => {
            await visitor.open(path);
            if (LISTS.has(path)) {
              const empty = await visitor.page.locator('main [data-state="empty"]').allInnerTexts();
              expect(empty, "lists with nothing to show").to.deep.equal([]);
              expect(await visitor.page.locator("main tbody tr").count(), "rows").to.be.above(0);
            }
            await visitor.picture(`${name}-${look.name}`);
            await visitor.inspect();
          }));
      }
    });
  }
}
