import { Verify } from "./Verify.tsx";

/** Checks the enclave's signature of a settled batch in the reader's browser. */
export function VerifyBatch({ id }: { readonly id: string }) {
  return <Verify kind="batches" id={id} />;
}
