/** One of the test files of a whole run: keeps snarkjs's workers, which take half a second to start, from the first test to the last. */
import { keepCurve } from "./ceremony.ts";

let release: () => Promise<void>;
before(() => {
  release = keepCurve();
});
after(() => release());
