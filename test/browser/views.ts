import type { Browser } from "playwright-core";
import type { Stage } from "../../scripts/demo/stage.ts";
import { SIZES, THEMES, Visitor } from "./Visitor.ts";

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
      for (const theme of THEMES) {
        for (const size of Object.keys(SIZES) as (keyof typeof SIZES)[]) {
          it(`is whole in ${theme}, on a ${size}`, async () => {
            const visitor = await Visitor.arrive(browser, stage.indexer.url, { theme, size });
            await visitor.open(path);
            await visitor.picture(`${name}-${theme}-${size}`);
            await visitor.inspect();
            await visitor.leave();
          });
        }
      }
    });
  }
}
