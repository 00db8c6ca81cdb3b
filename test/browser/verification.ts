import { expect } from "chai";
import type { Browser, Route } from "playwright-core";
import type { Played, Stage } from "../../scripts/demo/stage.ts";
import { LOOKS, type Look, Visitor } from "./Visitor.ts";

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

/** Answers with the indexer's evidence, forged. */
async function forgeAnswer(route: Route, forge: (evidence: Evidence) => void): Promise<void> {
  const response = await route.fetch();
  const evidence = (await response.json()) as Evidence;
  const before = JSON.stringify(evidence);
  forge(evidence);
  expect(JSON.stringify(evidence), "nothing was forged").not.to.equal(before);
  await route.fulfill({ response, json: evidence });
}

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

  /** Opens what is to be verified, clicks, waits for the verdict, and looks at it. */
  const verify = (
    path: string,
    look: Look,
    forge: ((evidence: Evidence) => void) | undefined,
    judge: (visitor: Visitor, verdict: string | null, steps: (state: string) => Promise<number>) => Promise<void>,
  ) =>
    Visitor.visit(browser, stage.indexer.url, look, async (visitor) => {
      const { page } = visitor;
      if (forge !== undefined) await page.route("**/evidence", (route) => forgeAnswer(route, forge));
      await visitor.open(path);
      await visitor.forgetShifts();
      await page.getByRole("button", { name: "Verify", exact: true }).click();
      const verdict = page.locator("[data-verdict]");
      await verdict.waitFor();
      const steps = (state: string) => page.locator(`main li[data-state="${state}"]`).count();
      await judge(visitor, await verdict.getAttribute("data-verdict"), steps);
      await visitor.inspect();
    });

  for (const { what, name, path, forgeries } of subjects) {
    describe(`Verifying ${what} in the browser`, () => {
      for (const look of LOOKS) {
        it(`comes to the verdict that it holds, with the caveat of a development key or root (${look.name})`, () =>
          verify(path, look, undefined, async (visitor, verdict, steps) => {
            await visitor.picture(`verified-${name}-${look.name}`);
            expect(verdict).to.equal("holds");
            expect(await steps("ok"), "steps that hold").to.be.at.least(3);
            expect(await steps("failed"), "steps that fail").to.equal(0);
            expect(await steps("caveat"), "steps with a caveat").to.be.at.least(1);
          }));
      }

      for (const [part, forge] of Object.entries(forgeries)) {
        it(`is seen to fail when the ${part} was changed on the way`, () =>
          verify(path, {}, forge, async (visitor, verdict, steps) => {
            await visitor.picture(`forged-${name}-${part.replaceAll(" ", "-")}`);
            expect(verdict).to.equal("fails");
            expect(await steps("failed"), "steps that fail").to.be.at.least(1);
          }));
      }
    });
  }
}
