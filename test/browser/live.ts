import { OpgClient } from "@opg/settlement-sdk";
import { expect } from "chai";
import type { Browser } from "playwright-core";
import { ask, plan } from "../../scripts/demo/inferences.ts";
import type { Stage } from "../../scripts/demo/stage.ts";
import { Visitor } from "./Visitor.ts";

/** What happens on the chain while somebody looks. */
export function testLive(browser: Browser, { cast, deployment, indexer }: Stage): void {
  describe("Live", () => {
    it("a new inference appears without a reload, and is settled under the reader's eyes", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        const { page } = visitor;
        await visitor.open("/inferences");
        await page.locator('[data-live="live"]').waitFor();
        await page.evaluate("window.sameDocument = true");

        const [one] = plan(cast);
        if (one === undefined) throw new Error("the demo asks for nothing");
        const asked = await ask((signer) => new OpgClient({ signer, deployment }), one, cast.modelId);
        const row = page.locator("main tr", { has: page.locator(`a[href*="${asked.run.requestId}"]`) });
        await row.waitFor();
        await asked.run.settled;
        await row.getByText("Proven").waitFor();
        expect(await page.evaluate("window.sameDocument"), "the page was not loaded again").to.equal(true);
      }));
  });
}
