import { OpgClient } from "@opg/settlement-sdk";
import { expect } from "chai";
import type { Browser } from "playwright-core";
import { ask, type Plan, plan } from "../../scripts/demo/inferences.ts";
import type { Stage } from "../../scripts/demo/stage.ts";
import { Visitor } from "./Visitor.ts";

/** What happens on the chain while somebody looks. */
export function testLive(browser: Browser, { cast, deployment, indexer }: Stage): void {
  describe("Live", () => {
    const [one, another] = plan(cast);

    /** Asks for an inference, and sees it come and be settled on the list that is open. */
    const appears = async ({ page }: Visitor, planned: Plan | undefined) => {
      if (planned === undefined) throw new Error("the demo asks for nothing");
      await page.evaluate("window.sameDocument = true");
      const asked = await ask((signer) => new OpgClient({ signer, deployment }), planned, cast.modelId);
      const row = page.locator("main tr", { has: page.locator(`a[href*="${asked.run.requestId}"]`) });
      await row.waitFor();
      await asked.run.settled;
      await row.getByText("Settled").waitFor();
      expect(await page.evaluate("window.sameDocument"), "the page was not loaded again").to.equal(true);
    };

    it("a new inference appears without a reload, and is settled under the reader's eyes", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        await visitor.open("/inferences");
        await visitor.page.locator('[data-live="live"]').waitFor();
        await appears(visitor, one);
      }));

    it("it does so too where the operator has SQL over HTTP off, and with it live queries", () =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        visitor.expectFault(/\/sql\/live/);
        await visitor.page.route("**/sql/**", (route) => route.fulfill({ status: 403, body: "SQL over HTTP is off" }));
        await visitor.open("/inferences");
        await visitor.page.locator('[data-live="polling"]').waitFor();
        await appears(visitor, another);
        await visitor.inspect();
      }));
  });
}
