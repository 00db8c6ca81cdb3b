import type { Browser } from "playwright-core";
import type { Stage } from "../../scripts/demo/stage.ts";
import { LOOKS, Visitor } from "./Visitor.ts";

/** A view of the dashboard, and its address. */
export interface View {
  readonly name: string;
  readonly path: string;
}

/** Every view, details included, with data to show. */
export function viewsOf({ cast }: Stage): View[] {
  const [ada] = cast.operators;
  return [
    { name: "overview", path: "/" },
    { name: "inferences", path: "/inferences" },
    { name: "nodes", path: "/nodes" },
    { name: "node", path: `/nodes/${ada.nodeId}` },
    { name: "models", path: "/models" },
    { name: "batches", path: "/batches" },
    { name: "enclaves", path: "/enclaves" },
  ];
}

/** Every view, as everybody may look at it. */
export function testViews(browser: Browser, stage: Stage): void {
  for (const { name, path } of viewsOf(stage)) {
    describe(`The view ${name}`, () => {
      for (const look of LOOKS) {
        it(`is whole in ${look.theme}, on a ${look.size}`, () =>
          Visitor.visit(browser, stage.indexer.url, look, async (visitor) => {
            await visitor.open(path);
            await visitor.picture(`${name}-${look.name}`);
            await visitor.inspect();
          }));
      }
    });
  }
}
