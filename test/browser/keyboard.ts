import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import type { Played, Stage } from "../../scripts/demo/stage.ts";
import { Visitor } from "./Visitor.ts";
import { viewsOf } from "./views.ts";

/** More stops than any view has. */
const MOST_STOPS = 400;

/** What has the focus: how it is drawn, and a number of its own. */
const FOCUSED = `(() => {
  const active = document.activeElement;
  if (active === null || active === document.body) return null;
  // A control that is drawn as its label.
  const element = active.matches("input") && active.offsetWidth <= 1 ? (active.labels[0] ?? active) : active;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  element.dataset.stop ??= String((window.stops = (window.stops ?? 0) + 1));
  const { width, height } = element.getBoundingClientRect();
  return {
    stop: element.dataset.stop,
    html: element.outerHTML.slice(0, 160),
    marked: (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none",
    visible: width > 1 && height > 1,
  };
})()`;

interface Stop {
  readonly stop: string;
  readonly html: string;
  readonly marked: boolean;
  readonly visible: boolean;
}

/** Presses Tab until a link or button of this name has the focus. */
async function tabTo(page: Page, role: "link" | "button", name: string | RegExp, within = "body"): Promise<void> {
  const wanted = page
    .locator(within)
    .getByRole(role, { name, exact: typeof name === "string" })
    .first();
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await page.keyboard.press("Tab");
    if ((await wanted.and(page.locator(":focus")).count()) > 0) return;
  }
  expect.fail(`the ${role} ${name} cannot be reached by keyboard`);
}

/** The dashboard without a mouse. */
export function testKeyboard(browser: Browser, stage: Stage, played: Played): void {
  describe("By keyboard alone", () => {
    const visit = (what: (visitor: Visitor, page: Page) => Promise<void>) =>
      Visitor.visit(browser, stage.indexer.url, {}, (visitor) => what(visitor, visitor.page));

    it("the first stop leads past the navigation, into the view", () =>
      visit(async (visitor, page) => {
        await visitor.open("/nodes");
        await tabTo(page, "button", "Skip to the content");
        await page.keyboard.press("Enter");
        expect(await page.evaluate("document.activeElement?.tagName")).to.equal("MAIN");
      }));

    it("a view and its details are reached, and the heading tells where one is", () =>
      visit(async (visitor, page) => {
        await visitor.open("/");
        await tabTo(page, "link", "Nodes", "header");
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { level: 1, name: "Nodes" }).waitFor();
        await visitor.loaded();
        expect(await page.evaluate("document.activeElement?.tagName")).to.equal("H1");
        await tabTo(page, "link", /0x/, "main table");
        await page.keyboard.press("Enter");
        await page.waitForURL(/#\/nodes\/0x[0-9a-f]{64}$/);
        await visitor.loaded();
        expect(await page.evaluate("document.activeElement?.tagName")).to.equal("H1");
      }));

    it("the colour scheme is chosen, and stays chosen after a reload", () =>
      visit(async (visitor, page) => {
        await visitor.open("/");
        await tabTo(page, "button", "Colour scheme");
        await page.keyboard.press("Enter");
        await page.getByRole("menuitem", { name: "Dark" }).waitFor();
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        const dark = page.locator('html[data-mantine-color-scheme="dark"]');
        await dark.waitFor({ state: "attached" });
        await page.reload();
        await visitor.loaded();
        await dark.waitFor({ state: "attached" });
      }));

    for (const { name, path } of viewsOf(stage, played)) {
      it(`each stop of the view ${name} shows that it has the focus, and none is a trap`, () =>
        visit(async (visitor, page) => {
          await visitor.open(path);
          const seen = new Set<string>();
          for (let stop = 0; stop < MOST_STOPS; stop++) {
            await page.keyboard.press("Tab");
            const focused = await page.evaluate<Stop | null>(FOCUSED);
            // Past the last stop the browser's own controls follow, or the first stop again.
            if (focused === null || (seen.has(focused.stop) && seen.size > 1)) return;
            seen.add(focused.stop);
            expect(focused.visible, `nobody can see what has the focus: ${focused.html}`).to.equal(true);
            expect(focused.marked, `it does not show that it has the focus: ${focused.html}`).to.equal(true);
          }
          expect.fail(`there is no end after ${MOST_STOPS} stops`);
        }));
    }
  });
}
