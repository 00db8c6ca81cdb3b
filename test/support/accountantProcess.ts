// An accountant in a process of its own, to be killed: `node accountantProcess.ts DIRECTORY charging|signing|sending`.
// Prints a line of JSON for all that leaves the enclave. Does nothing when it is imported, as every file here is by Mocha.
import { BatchAccountant } from "../../sdk/src/node/batch/BatchAccountant.ts";
import { nativeRows } from "../../sdk/src/node/batch/nativeRows.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { charge, DOMAIN, enclaveSigner, STREAM } from "./accountant.ts";

if (import.meta.main) {
  const [, , directory = "", until = ""] = process.argv;
  const print = (value: unknown) => console.log(toJson(value));
  const forever = () => new Promise<never>(() => setInterval(() => undefined, 60_000));

  let batching = false;
  const accountant = await BatchAccountant.open({
    directory,
    domain: DOMAIN,
    ledgers: [nativeRows(DOMAIN.settlement)],
    signer: {
      ...enclaveSigner,
      prove: async (digest) => {
        if (!batching || until !== "signing") return enclaveSigner.prove(digest);
        print({ digest });
        return forever();
      },
    },
  });
  const inferences = until === "charging" ? 100_000 : 7;
  for (let n = 0; n < inferences; n++) print(await accountant.charge(STREAM, charge(n % 3, Math.floor(n / 3))));
  batching = true;
  print(await accountant.batch(STREAM));
  await forever();
}
