import { expect } from "chai";
import type { Browser } from "playwright-core";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { deploy, type LocalChain, startChain } from "../../scripts/demo/chain.ts";
import { createDevelopmentRoot } from "../../scripts/enclave/simulator.ts";
import { LOOKS, Visitor } from "./Visitor.ts";

const VIEWS = ["overview", "inferences", "nodes", "models", "batches", "enclaves"];

/** A deployment that nobody has used, and an indexer that goes away and comes back. */
export function testStates(browser: Browser, dashboard: string, dataDir: string): void {
  describe("Where nothing has happened yet", () => {
    let chain: LocalChain;
    let indexer: Indexer;
    let again: () => Promise<Indexer>;
    before(async function () {
      this.timeout(240_000);
      chain = await startChain(0);
      const deployment = await deploy(chain.url, "test-browser-empty", createDevelopmentRoot().certificate);
      const options = { rpcUrl: chain.url, deployment, dashboard, dataDir };
      indexer = await startIndexer(options);
      await indexer.ready;
      const port = Number(new URL(indexer.url).port);
      again = () => startIndexer({ ...options, port });
    });
    after(async () => {
      await indexer.stop();
      await chain.close();
    });

    for (const name of VIEWS) {
      for (const look of LOOKS) {
        it(`the view ${name} says so, and what would make something appear (${look.name})`, () =>
          Visitor.visit(browser, indexer.url, look, async (visitor) => {
            await visitor.open(name === "overview" ? "/" : `/${name}`);
            await visitor.picture(`empty-${name}-${look.name}`);
            const empty = visitor.page.locator('main [data-state="empty"]');
            expect(await empty.count(), "places that say that they are empty").to.be.at.least(1);
            expect(await visitor.page.locator("figure.chart").count(), "charts of nothing").to.equal(0);
            expect(await visitor.page.locator("main").innerText()).not.to.match(/NaN|undefined|null|Infinity|Invalid/);
            await visitor.inspect();
          }));
      }
    }

    for (const path of ["/nowhere", "/inferences/0x12", "/nodes/0x12", "/models/0x12", "/batches/0x12"]) {
      it(`what is not there is said not to be there: ${path}`, () =>
        Visitor.visit(browser, indexer.url, {}, async (visitor) => {
          // An indexer may answer that it has no such thing with a status that the browser writes into its console.
          visitor.expectFault(/the server responded with a status of 40[04]/);
          await visitor.open(path);
          await visitor.picture(`absent${path.replaceAll("/", "-")}`);
          await visitor.inspect();
          expect(await visitor.page.locator('main [data-state="empty"]').count()).to.equal(1);
        }));
    }

    it("an indexer that goes away is missed on the page, and what is opened recovers when it is back", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        // Starting again, it says for a moment that it is not ready.
        visitor.expectFault(/net::ERR|Failed to fetch|503 \(Service Unavailable\)/);
        await visitor.open("/");
        await page.locator('[data-live="live"]').waitFor();
        await indexer.stop();
        await page.locator('[data-live="reconnecting"]').waitFor();
        await visitor.inspect();

        await page.getByRole("navigation").getByRole("link", { name: "Nodes" }).click();
        await page.locator("main").getByRole("alert").first().waitFor();
        await visitor.picture("indexer-away");
        await visitor.inspect();

        indexer = await again();
        await page.getByRole("button", { name: "Try again" }).first().click();
        await page.getByRole("heading", { level: 1, name: "Nodes" }).waitFor();
        await visitor.loaded();
        await page.locator('[data-live="live"]').waitFor();
        expect(await page.locator("main").getByRole("alert").count()).to.equal(0);
      })).timeout(120_000);
  });
}
