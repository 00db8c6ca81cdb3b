import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { formatDuration } from "../../indexer/dashboard/src/format/time.ts";
import { opg, usd } from "../../scripts/demo/inferences.ts";
import type { Played, Stage } from "../../scripts/demo/stage.ts";
import { Visitor } from "./Visitor.ts";

/** How certain a block can be, in the dashboard's words. */
const FINALITIES = /^(pending|safe|final)$/;

/** The money of a detail, as it is read: each way that it goes with its amount, below what there was in all. */
async function moneyOf(page: Page): Promise<Record<string, string>> {
  const ways: Record<string, string> = {};
  for (const flow of await page.locator("section.flow").all()) {
    ways[await flow.locator("h3").innerText()] = await flow.locator(".flow-total").innerText();
    for (const part of await flow.locator(".flow-parts > div").all()) {
      ways[(await part.locator("dt").innerText()).trim()] = await part.locator("dd").innerText();
    }
  }
  return ways;
}

/** Leaves the settled ones in the list of inferences: what is not settled has no proof to warn of. */
async function onlySettled(page: Page): Promise<void> {
  await page.getByRole("search").getByLabel("Status").selectOption({ label: "Settled" });
  await page.locator('main tbody:has(tr):not(:has(td[data-name="Status"]:not(:has-text("Settled"))))').waitFor();
}

/** Amounts as the dashboard writes them. */
const written = (amount: string) => amount.replace(/\.0 /, " ");

/** What a person reads in the details: each step, its money, and what a proof shows. */
export function testDetails(browser: Browser, { indexer, deployment }: Stage, { ended, settledBatch }: Played): void {
  const visit = (path: string, what: (page: Page) => Promise<void>) =>
    Visitor.visit(browser, indexer.url, {}, async (visitor) => {
      await visitor.open(path);
      await what(visitor.page);
    });
  const ESCROW = "Paid by the requester, in escrow";
  const BOND = "Bonded by the node: coverage and verification fee";
  const lives = [
    {
      what: "a proof that came after the answer",
      at: 0,
      steps: ["Requested", "Delivered", "Proven and settled"],
      proof: "Zero knowledge",
    },
    {
      what: "a proof that came with the answer",
      at: 12,
      steps: ["Requested", "Delivered", "Proven and settled"],
      proof: "Enclave, LOCAL",
    },
    {
      what: "a proof that did not come",
      at: ended.length - 1,
      steps: ["Requested", "Delivered", "Defaulted"],
      proof: "Zero knowledge",
    },
  ];

  describe("The details of an inference", () => {
    for (const { what, at, steps, proof } of lives) {
      it(`tell its steps, its proof and its money, of ${what}`, () => {
        const one = ended[at];
        if (one === undefined) throw new Error(`nothing was asked for ${at} times`);
        const { run, end } = one;
        const { offer, maxFee, verificationFee } = run.terms;
        return visit(`/inferences/${run.requestId}`, async (page) => {
          const moments = page.locator("ol.timeline li.moment");
          expect(await moments.locator("strong").allInnerTexts()).to.deep.equal(steps);
          const last = moments.last();
          expect(await last.locator(`[title="${end.transactionHash}"]`).count(), "its last transaction").to.equal(1);
          // What the chain says of finality comes by an answer of its own.
          const finalities = moments.locator(".moment-where").getByText(FINALITIES);
          await finalities.nth(steps.length - 1).waitFor();
          expect(await finalities.count()).to.equal(steps.length);

          const facts = page.locator("dl.facts > div");
          const answer = page.locator("section", { has: page.getByRole("heading", { level: 2, name: "Answer" }) });
          const value = answer.locator("dl.facts > div", { hasText: "Its value" });
          if (proof === "Zero knowledge")
            expect(await value.locator("strong").innerText()).to.equal(String(run.output));
          else expect(await answer.innerText()).to.contain("it was delivered directly");
          expect((await answer.innerText()).includes("never proven")).to.equal(end instanceof Error);
          // What a proof shows is told of one that there is.
          const warning = proof === "Zero knowledge" ? "A development key" : "A development root";
          expect(await page.locator(".verdict strong").allInnerTexts()).to.deep.equal(
            end instanceof Error ? [] : [warning],
          );
          expect(await facts.filter({ hasText: /^Proof/ }).innerText()).to.contain(proof);
          const money = await moneyOf(page);
          const bond = offer.coverage + verificationFee;
          const common = { [ESCROW]: written(usd(maxFee)), [BOND]: opg(bond) };
          if (end instanceof Error) {
            expect(end.returned).to.equal(maxFee);
            expect(money).to.include({
              ...common,
              "Back to the requester": written(usd(maxFee)),
              "To the requester, as compensation": opg(end.compensation),
            });
            expect(money).to.include.keys("Burned", "To who claimed the default");
            expect(money).not.to.include.keys("To the operator");
          } else {
            expect(money).to.deep.equal({
              ...common,
              "To the operator": written(usd(end.fee)),
              ...(end.returned > 0n ? { "Back to the requester": written(usd(end.returned)) } : {}),
              Burned: opg(end.burned),
              "Unlocked for the node": opg(bond - end.burned),
            });
            const gap = page.locator("ol.timeline li.gap");
            expect(await gap.count()).to.equal(end.trustGap > 0 ? 1 : 0);
            if (end.trustGap > 0)
              expect(await gap.innerText()).to.equal(`${formatDuration(end.trustGap)} of trust gap`);
          }
        });
      });
    }
  });

  describe("An answer on chain", () => {
    /** Opens a settled inference as if these bytes had been delivered on chain. */
    const visitWith = (bytes: Uint8Array | string, what: (visitor: Visitor) => Promise<void>) =>
      Visitor.visit(browser, indexer.url, {}, async (visitor) => {
        await visitor.page.route("**/graphql", async (route) => {
          const response = await route.fetch();
          const json = await response.json();
          if (json.data?.inference) {
            json.data.inference.output = `0x${Buffer.from(bytes).toString("hex")}`;
            json.data.inference.parameters.outputCommitment = "KECCAK256";
          }
          await route.fulfill({ response, json });
        });
        await visitor.open(`/inferences/${ended[0]?.run.requestId}`);
        await what(visitor);
      });

    it("is shown as what it says, and changes nothing around it", () =>
      visitWith(`<b>4</b>\u202e\u001b[31m\n${"x".repeat(5_000)}`, async (visitor) => {
        const output = visitor.page.locator("figure.output");
        expect((await output.locator("pre").innerText()).startsWith("<b>4</b> [31m\nxxx")).to.equal(true);
        expect(await output.locator("pre b").count()).to.equal(0);
        expect(await output.innerText()).to.contain("5,017 bytes on chain, as text; only the beginning is shown");
        await visitor.inspect();
      }));

    it("is shown as hex where it is no text", () =>
      visitWith(Uint8Array.of(0xff, 0x00), async (visitor) => {
        const output = visitor.page.locator("figure.output");
        expect(await output.locator("pre").innerText()).to.equal("0xff00");
        expect(await output.innerText()).to.contain("2 bytes on chain");
        await visitor.picture("inference-output");
        await visitor.inspect();
      }));
  });

  describe("Every view", () => {
    it("says which chain and contracts it is about", () =>
      visit("/", async (page) => {
        const foot = page.getByRole("contentinfo");
        await foot.getByText(`Chain ${deployment.chainId}`, { exact: true }).waitFor();
        for (const name of ["OPG", "Settlement", "BatchSettlement"]) {
          const address = deployment.addresses[name]?.toLowerCase();
          expect(await foot.locator(`[title="${address}"]`).count(), name).to.equal(1);
        }
      }));
  });

  describe("Finality", () => {
    for (const [list, column] of [
      ["inferences", "Status"],
      ["batches", "Settled"],
    ] as const) {
      it(`stands at each row of the list of ${list}`, () =>
        visit(`/${list}`, async (page) => {
          const cells = page.locator(`main td[data-name="${column}"]`);
          await cells.first().getByText(FINALITIES).waitFor();
          expect(await cells.getByText(FINALITIES).count()).to.equal(await cells.count());
        }));
    }

    it("stands at a batch's own page", () =>
      visit(`/batches/${settledBatch.digest}`, async (page) => {
        await page.locator("main").getByText(FINALITIES).waitFor();
      }));
  });

  describe("What keys and roots are trusted for", () => {
    it("is said at each inference: a development key is never shown as one that proves an execution", () =>
      visit("/inferences", async (page) => {
        await page.getByRole("search").getByLabel("Proof").selectOption({ label: "Zero knowledge" });
        const proofs = page.locator('main td[data-name="Proof"]');
        await page.locator('main tbody:has(tr):not(:has(td[data-name="Proof"]:not(:has-text("Zero"))))').waitFor();
        for (const proof of await proofs.allInnerTexts()) {
          expect(proof.replaceAll(/\s+/g, " ")).to.equal("Zero knowledge development key, no proof to others");
        }
        await onlySettled(page);
        await page.locator('main tbody a[href*="/inferences/0x"]').first().click();
        await page.getByText("A development key", { exact: true }).waitFor();
      }));

    it("is said at each model", () =>
      visit("/models", async (page) => {
        for (const [name, words] of [
          ["Zero knowledge", "Zero knowledge, development key"],
          ["Enclave", "Enclave, LOCAL, development root"],
        ] as const) {
          const route = page.locator('main td[data-name="Proven by"] .mark', { hasText: name }).first();
          expect(await route.innerText()).to.equal(words);
          expect(await route.getAttribute("class")).to.contain("warn");
        }
      }));
  });

  describe("What enclaves are trusted for", () => {
    it("is said in words at each attested key and at each set, LOCAL and GATEWAY never alike", () =>
      visit("/enclaves", async (page) => {
        for (const [column, under] of [
          ["What models trust it for", ", by a development root"],
          ["What it shows", ""],
        ] as const) {
          const cells = await page.locator(`main td[data-name="${column}"]`).allInnerTexts();
          expect(new Set(cells), column).to.deep.equal(
            new Set([`LOCAL: the model ran inside${under}`, `GATEWAY: relayed only to chat.example${under}`]),
          );
        }
      }));

    it("is said at each inference: a relay is never shown as an execution", () =>
      visit("/inferences", async (page) => {
        await page.getByRole("search").getByLabel("Proof").selectOption({ label: "Enclave, GATEWAY" });
        const proofs = page.locator('main td[data-name="Proof"]');
        await page.locator('main tbody:has(tr):not(:has(td[data-name="Proof"]:not(:has-text("GATEWAY"))))').waitFor();
        for (const proof of await proofs.allInnerTexts()) {
          expect(proof.replaceAll(/\s+/g, " ")).to.equal(
            "Enclave, GATEWAY relay, not execution development root, no proof to others",
          );
        }
        await onlySettled(page);
        await page.locator('main tbody a[href*="/inferences/0x"]').first().click();
        await page.getByText("A relay, not an execution", { exact: true }).waitFor();
        await page.getByText("A development root", { exact: true }).waitFor();
      }));
  });
}
