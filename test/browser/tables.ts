import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { formatShort } from "../../indexer/dashboard/src/format/amount.ts";
import type { Stage } from "../../scripts/demo/stage.ts";
import { Visitor } from "./Visitor.ts";

/** What stands in a column of a table, from the top, whatever its layout. */
const columnOf = (page: Page, name: string) => page.locator(`main td[data-name="${name}"]`).allInnerTexts();

/** The number that a cell begins with; null where it has none. */
function figureOf(cell: string): number | null {
  const [digits] = /^[\d,.]+/.exec(cell.trim()) ?? [];
  return digits === undefined ? null : Number(digits.replaceAll(",", ""));
}

/** Figures in the order of a column; those without one come last in both directions. */
function expectSorted(cells: readonly string[], descending: boolean): void {
  const figures = cells.map(figureOf);
  const known = figures.filter((figure) => figure !== null);
  expect(figures.slice(known.length), "cells without a figure come last").to.deep.equal(
    figures.slice(known.length).map(() => null),
  );
  expect(known).to.deep.equal(known.toSorted((a, b) => (descending ? b - a : a - b)));
  expect(new Set(known).size, "different figures, to see an order").to.be.above(1);
}

/** Lists that sort, filter, page, and lead on. */
export function testTables(browser: Browser, { indexer, cast }: Stage): void {
  const [ada] = cast.operators;
  describe("Lists", () => {
    it("nodes are sorted by the column whose head is clicked, and the other way by the next click", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/nodes");
        for (const name of ["Free", "Settled"]) {
          const head = page.getByRole("columnheader", { name });
          const button = head.getByRole("button");
          if ((await head.getAttribute("aria-sort")) !== "descending") await button.click();
          expect(await head.getAttribute("aria-sort")).to.equal("descending");
          expectSorted(await columnOf(page, name), true);
          await button.click();
          expect(await head.getAttribute("aria-sort")).to.equal("ascending");
          expectSorted(await columnOf(page, name), false);
        }
      }));

    it("on a phone, they are sorted by a choice", () =>
      Visitor.visit(browser, indexer.url, { size: "phone" }, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/nodes");
        const choice = page.getByLabel("Sort by");
        await choice.selectOption({ label: "Settled, lowest first" });
        expectSorted(await columnOf(page, "Settled"), false);
        await choice.selectOption({ label: "Settled, highest first" });
        expectSorted(await columnOf(page, "Settled"), true);
        await choice.selectOption({ label: "Status, active first" });
        await visitor.open("/batches");
        expect(await choice.count(), "a page of a longer list does not sort").to.equal(0);
      }));

    it("nodes are found by a part of their id, and none by nonsense", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/nodes");
        const rows = page.locator("main tbody tr");
        expect(await rows.count()).to.be.at.least(cast.operators.length);
        const search = page.getByLabel("Id, owner or endpoint");
        await search.fill(ada.nodeId.slice(0, 20).toUpperCase().replace("0X", "0x"));
        await page.locator("main tbody:not(:has(tr:nth-child(2)))").waitFor();
        expect(await rows.locator(`a[href*="${ada.nodeId}"]`).count()).to.equal(1);
        // A whole one is found among all, whatever their status.
        await page
          .getByRole("combobox", { name: "Status" })
          .or(page.getByRole("textbox", { name: "Status" }))
          .click();
        await page.getByRole("option", { name: "Retired" }).click();
        await page.getByRole("heading", { level: 2, name: "0 retired nodes" }).waitFor();
        await search.fill(ada.nodeId);
        await rows.locator(`a[href*="${ada.nodeId}"]`).waitFor();
        await page.getByRole("heading", { level: 2, name: "1 node", exact: true }).waitFor();
        await search.fill("no such node");
        await page.locator('main [data-state="empty"]').waitFor();
        await visitor.inspect();
      }));

    it("nodes that were slashed are marked, and no others", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/nodes");
        const { equivocations } = await indexer.query<{ equivocations: { items: { nodeId: string }[] } }>(
          "{ equivocations { items { nodeId } } }",
        );
        const marked = page.locator("main tbody tr", { hasText: "Slashed" }).locator('a[href*="/nodes/0x"]');
        const slashed = await Promise.all((await marked.all()).map((link) => link.getAttribute("href")));
        expect(slashed).to.have.members(equivocations.items.map(({ nodeId }) => `#/nodes/${nodeId}`));
        expect(slashed).not.to.deep.equal([]);
      }));

    it("nodes are filtered by their status", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/nodes");
        await page
          .getByRole("combobox", { name: "Status" })
          .or(page.getByRole("textbox", { name: "Status" }))
          .click();
        await page.getByRole("option", { name: "Retired" }).click();
        await page.locator('main [data-state="empty"]').waitFor();
        await visitor.inspect();
      }));

    it("a list leads to the details and the browser's way back leads to the list", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        for (const [list, thing] of [
          ["nodes", /#\/nodes\/0x[0-9a-f]{64}$/],
          ["models", /#\/models\/0x[0-9a-f]{64}$/],
          ["batches", /#\/batches\/0x[0-9a-f]{64}$/],
          ["inferences", /#\/inferences\/0x[0-9a-f]{64}$/],
        ] as const) {
          await visitor.open(`/${list}`);
          await page.locator(`main a[href*="/${list}/0x"]`).first().click();
          await page.waitForURL(thing);
          await visitor.loaded();
          await page.goBack();
          await page.waitForURL(new RegExp(`#/${list}$`));
          await visitor.loaded();
        }
      }));

    it("inferences are shown page by page, none twice", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/inferences");
        const links = page.locator('main tbody a[href*="/inferences/0x"]');
        const shown = async () => Promise.all((await links.all()).map((link) => link.getAttribute("href")));
        const first = await shown();
        await page.getByRole("button", { name: "Older" }).click();
        await page.locator(`main tbody:not(:has(a[href$="${first[0]}"]))`).waitFor();
        await visitor.loaded();
        const second = await shown();
        expect(second).to.have.length.above(0);
        expect(first.filter((id) => second.includes(id))).to.deep.equal([]);
        await page.getByRole("button", { name: "Newer" }).click();
        await page.locator(`main tbody:has(a[href$="${first[0]}"])`).waitFor();
        await visitor.loaded();
        expect(await shown()).to.deep.equal(first);
      }));

    it("inferences are filtered by status, proof, demand and time, one by one and together, and all are shown again", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/inferences");
        await visitor.forgetShifts();
        const filter = (name: string) => page.getByRole("search").getByLabel(name, { exact: true });
        const choose = (name: string, label: string) => filter(name).selectOption({ label });
        /** Waits until there are rows, and a cell with this text in each. */
        const everyRowHas = (column: string, text: string) =>
          page.locator(`main tbody:has(tr):not(:has(td[data-name="${column}"]:not(:has-text("${text}"))))`).waitFor();
        const all = await page.locator("main h2").first().innerText();

        for (const status of ["Settled", "Refunded", "Defaulted"]) {
          await choose("Status", status);
          await everyRowHas("Status", status);
        }
        await page.getByRole("button", { name: "Show everything" }).click();
        await page.locator("main h2").first().getByText(all, { exact: true }).waitFor();

        for (const proof of ["Enclave, LOCAL", "Enclave, GATEWAY", "Zero knowledge"]) {
          await choose("Proof", proof);
          await everyRowHas("Proof", proof);
        }
        await choose("Status", "Defaulted");
        await everyRowHas("Status", "Defaulted");
        await everyRowHas("Proof", "Zero knowledge");
        await page.getByRole("button", { name: "Show everything" }).click();

        await choose("Demand", "Only own nodes");
        await everyRowHas("Requester → node", "own node");
        await choose("Demand", "Net of self-dealing");
        await page.locator("main tbody:has(tr):not(:has(.tag))").waitFor();
        await page.getByRole("button", { name: "Show everything" }).click();

        await choose("Requested", "In the last day");
        await page.locator("main h2").first().getByText(all, { exact: true }).waitFor({ state: "hidden" });
        const times = await page.locator('main td[data-name="Request"] time').all();
        expect(times).not.to.have.length(0);
        for (const time of times) {
          const age = Date.now() - Date.parse((await time.getAttribute("datetime")) ?? "");
          expect(age).to.be.below(86_400_000 + 120_000);
        }
        await visitor.inspect();
      }));

    it("the filters are in the address, also of what leads there, and what is not understood there is ignored", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        const filter = (name: string) => page.getByRole("search").getByLabel(name, { exact: true });
        await visitor.open("/inferences?status=DEFAULTED&proof=constructor&since=toString&who=0x12");
        await page
          .locator('main tbody:has(tr):not(:has(td[data-name="Status"]:not(:has-text("Defaulted"))))')
          .waitFor();
        expect(await filter("Status").inputValue()).to.equal("DEFAULTED");
        expect(await filter("Proof").inputValue()).to.equal("");
        await filter("Status").selectOption({ label: "Settled" });
        await page.waitForURL((url) => url.hash === "#/inferences?status=SETTLED");
        await page.reload();
        await visitor.loaded();
        expect(await filter("Status").inputValue()).to.equal("SETTLED");

        for (const [kind, id] of [
          ["nodes", ada.nodeId],
          ["models", cast.modelId],
        ] as const) {
          await visitor.open(`/${kind}/${id}`);
          await page.getByRole("link", { name: /^All inferences of this/ }).click();
          await page.waitForURL((url) => url.hash === `#/inferences?who=${id}`);
          await page.locator(`main tbody:has(tr:nth-child(2)):not(:has(tr:not(:has([title="${id}"]))))`).waitFor();
          await visitor.inspect();
        }
      }));

    it("inferences are found by request, node, model and requester, and the list is as it was on the way back", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/inferences");
        await visitor.forgetShifts();
        const who = page.getByLabel("Request, node, model or requester");
        const rows = page.locator("main tbody tr");
        const id = (await page.locator('main a[href*="/inferences/0x"]').first().getAttribute("title")) ?? "";
        await who.fill(id.toUpperCase().replace("0X", "0x"));
        await page.locator("main tbody:not(:has(tr:nth-child(2)))").waitFor();
        expect(await rows.locator(`[title="${id}"]`).count()).to.equal(1);
        for (const value of [ada.nodeId, cast.modelId, cast.requester.address.toLowerCase()]) {
          await who.fill(value);
          await page.locator(`main tbody:has(tr:nth-child(2)):not(:has(tr:not(:has([title="${value}"]))))`).waitFor();
        }
        await rows.locator('a[href*="/inferences/0x"]').first().click();
        await page.getByRole("heading", { level: 1, name: "Inference", exact: true }).waitFor();
        await page.goBack();
        await page.getByRole("heading", { level: 1, name: "Inferences" }).waitFor();
        expect(await who.inputValue()).to.equal(cast.requester.address.toLowerCase());

        await who.fill("0x12");
        await page.getByText("An id has 64 digits of hex after 0x, an address 40").waitFor();
        await who.fill(`0x${"00".repeat(32)}`);
        await page.locator('main [data-state="empty"]').getByText("No request fits").waitFor();
        await visitor.inspect();
        await page.getByRole("button", { name: "Show everything" }).click();
        await rows.nth(1).waitFor();
        expect(await who.inputValue()).to.equal("");
      }));

    it("figures are shown net of self-dealing on request, and the next view keeps to it", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/");
        const { total } = await indexer.query<{
          total: { items: [{ settlements: string; settlementsNet: string; burned: string; burnedNet: string }] };
        }>("{ total: periods(where: { interval: TOTAL }) { items { settlements settlementsNet burned burnedNet } } }");
        const [since] = total.items;
        expect(since.settlementsNet).not.to.equal(since.settlements);
        expect(since.burnedNet).not.to.equal(since.burned);
        const figure = (name: string) =>
          page.locator(".stat", { has: page.getByText(name, { exact: true }) }).locator(".figure");
        const figures = async () => [
          await figure("Burned").innerText(),
          await figure("Inferences settled").innerText(),
        ];
        const written = (burned: string, settled: string) => [
          `${formatShort(BigInt(burned), 18)} OPG`,
          BigInt(settled).toLocaleString("en"),
        ];
        expect(await figures()).to.deep.equal(written(since.burned, since.settlements));
        await page.getByText("Net of self-dealing", { exact: true }).first().click();
        await page.getByRole("radio", { name: "Net of self-dealing" }).first().isChecked();
        expect(await figures()).to.deep.equal(written(since.burnedNet, since.settlementsNet));
        await page.reload();
        await visitor.loaded();
        expect(await page.getByRole("radio", { name: "Net of self-dealing" }).first().isChecked()).to.equal(true);
      }));
  });

  describe("The overview", () => {
    it("leads to every alert, a hundred at most", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/");
        const { alerts } = await indexer.query<{ alerts: { items: unknown[] } }>(
          "{ alerts(limit: 100) { items { id } } }",
        );
        const lines = page.locator(".alerts li");
        expect(await lines.count()).to.equal(8);
        expect(alerts.items.length).to.be.above(8);
        await page.getByRole("button", { name: "Show more" }).click();
        await lines.nth(alerts.items.length - 1).waitFor();
        expect(await lines.count()).to.equal(alerts.items.length);
        await page.getByRole("button", { name: "Show fewer" }).click();
        await lines.nth(8).waitFor({ state: "detached" });
      }));

    it("tells of all that burned by which way it did, gross and net", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/");
        for (const figures of ["Gross", "Net of self-dealing"]) {
          await page.getByText(figures, { exact: true }).first().click();
          const lists = await page.locator(".shares").all();
          expect(lists).to.have.length(2);
          for (const list of lists) {
            const shares = (await list.locator(".share-percent").allInnerTexts()).map(Number.parseFloat);
            expect(Math.round(shares.reduce((sum, share) => sum + share, 0))).to.equal(100);
            expect(await list.locator("li").last().innerText()).to.match(/^(Other models and s|S)lashing/);
          }
        }
      }));

    it("says what each chart shows to somebody who does not see it, and names no two things alike", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/");
        const charts = await page.locator("figure.chart").all();
        expect(charts).to.have.length.above(5);
        for (const chart of charts) expect(await chart.getAttribute("aria-label")).to.match(/^[A-Z].+\. .*\d/);
        const questions = await page.getByRole("button", { name: /^What is/ }).allInnerTexts();
        expect(questions).to.have.length.above(2);
        expect(new Set(questions).size).to.equal(questions.length);
        await page.getByRole("region", { name: "The books", exact: true }).waitFor();
      }));

    for (const size of ["desktop", "phone"] as const) {
      it(`names every bar of the trust gap, none upon another (${size})`, () =>
        Visitor.visit(browser, indexer.url, { size }, async (visitor) => {
          const { page } = visitor;
          await visitor.open("/");
          const gap = page.locator("section", { has: page.getByRole("heading", { name: "Trust gap" }) });
          const ticks = gap.locator(".recharts-xAxis-tick-labels .recharts-cartesian-axis-tick-label");
          await ticks.first().waitFor();
          const boxes = await Promise.all((await ticks.all()).map((tick) => tick.boundingBox()));
          boxes.slice(1).forEach((box, before) => {
            const { x = 0, width = 0 } = boxes[before] ?? {};
            expect(box?.x, `label ${before + 1}`).to.be.at.least(x + width);
          });
          await gap.getByRole("button", { name: /as a table/ }).click();
          expect(await gap.locator("tbody tr").count()).to.equal(boxes.length);
        }));
    }
  });

  describe("Charts", () => {
    it("each can be read as a table, too", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/");
        const toggles = page.getByRole("button", { name: /as a table/i });
        const charts = await toggles.count();
        expect(charts, "charts with a table").to.be.at.least(4);
        const tables = page.locator("main table");
        const before = await tables.count();
        for (let chart = 0; chart < charts; chart++) await toggles.nth(0).click();
        expect(await tables.count()).to.equal(before + charts);
        await visitor.inspect();
      }));
  });
}
