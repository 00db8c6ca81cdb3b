import { expect } from "chai";
import type { Browser } from "playwright-core";
import type { Played, Stage } from "../../scripts/demo/stage.ts";
import { type Look, SIZES, THEMES, Visitor } from "./Visitor.ts";

/** Evidence as the indexer hands it out, as far as it is forged here. */
interface Evidence {
  proofs: string[];
  groth16: { code: string } | null;
  enclave: { document: string } | null;
  delivery?: { outputHash: string };
}

/** The same bytes with one bit of the last but one flipped: of the last, an encoding may ignore some. */
const flipped = (hex: string): string => {
  const at = hex.length - 4;
  return hex.slice(0, at) + (Number.parseInt(hex[at] ?? "0", 16) ^ 1).toString(16) + hex.slice(at + 1);
};

const forgeProof = (evidence: Evidence) => {
  evidence.proofs = evidence.proofs.map(flipped);
};
const forgeOutput = ({ delivery }: Evidence) => {
  if (delivery) delivery.outputHash = flipped(delivery.outputHash);
};
const forgeKey = ({ groth16 }: Evidence) => {
  if (groth16) groth16.code = flipped(groth16.code);
};
const forgeDocument = ({ enclave }: Evidence) => {
  if (enclave) enclave.document = flipped(enclave.document);
};

/** Proofs that are checked in the browser: those that hold, and those that somebody has touched on the way. */
export function testVerification(browser: Browser, stage: Stage, { ended, settledBatch }: Played): void {
  const requestOf = (index: number) => ended.at(index)?.run.requestId ?? "";
  const subjects = [
    {
      what: "a Groth16 proof",
      name: "zk",
      path: `/inferences/${requestOf(0)}`,
      forgeries: { proof: forgeProof, "output that was delivered": forgeOutput, "verifying key": forgeKey },
    },
    {
      what: "an enclave's signature and attestation",
      name: "tee",
      path: `/inferences/${requestOf(12)}`,
      forgeries: { proof: forgeProof, "output that was delivered": forgeOutput, "attestation document": forgeDocument },
    },
    {
      what: "an enclave's signature of a batch",
      name: "batch",
      path: `/batches/${settledBatch.digest}`,
      forgeries: { proof: forgeProof, "attestation document": forgeDocument },
    },
  ];

  /** Opens what is to be verified, clicks, and waits for the verdict. */
  async function verify(path: string, look: Look, forge?: (evidence: Evidence) => void) {
    const visitor = await Visitor.arrive(browser, stage.indexer.url, look);
    const { page } = visitor;
    if (forge !== undefined) {
      await page.route("**/evidence", async (route) => {
        const response = await route.fetch();
        const evidence = (await response.json()) as Evidence;
        const before = JSON.stringify(evidence);
        forge(evidence);
        expect(JSON.stringify(evidence), "nothing was forged").not.to.equal(before);
        await route.fulfill({ response, json: evidence });
      });
    }
    await visitor.open(path);
    await page
      .getByRole("button", { name: /verify/i })
      .first()
      .click();
    const verdict = page.locator("[data-verdict]");
    await verdict.waitFor();
    const steps = (state: string) => page.locator(`main li[data-state="${state}"]`).count();
    return { visitor, verdict: await verdict.getAttribute("data-verdict"), steps };
  }

  for (const { what, name, path, forgeries } of subjects) {
    describe(`Verifying ${what} in the browser`, () => {
      it("comes to the verdict that it holds, step by step, with the caveat of a development key or root", async () => {
        for (const theme of THEMES) {
          for (const size of Object.keys(SIZES) as (keyof typeof SIZES)[]) {
            const { visitor, verdict, steps } = await verify(path, { theme, size });
            await visitor.picture(`verified-${name}-${theme}-${size}`);
            expect(verdict).to.equal("holds");
            expect(await steps("ok"), "steps that hold").to.be.at.least(3);
            expect(await steps("failed"), "steps that fail").to.equal(0);
            expect(await steps("caveat"), "steps with a caveat").to.be.at.least(1);
            await visitor.inspect();
            await visitor.leave();
          }
        }
      });

      for (const [part, forge] of Object.entries(forgeries)) {
        it(`is seen to fail when the ${part} was changed on the way`, async () => {
          const { visitor, verdict, steps } = await verify(path, {}, forge);
          await visitor.picture(`forged-${name}-${part.replaceAll(" ", "-")}`);
          expect(verdict).to.equal("fails");
          expect(await steps("failed"), "steps that fail").to.be.at.least(1);
          await visitor.inspect();
          await visitor.leave();
        });
      }
    });
  }
}
