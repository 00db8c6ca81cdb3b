import type { Classifier } from "./Classifier.ts";
import type { ParameterShape } from "./commitment.ts";
import { CONVNET } from "./convnet.ts";
import { DIGITS } from "./model.ts";

/** The classifiers of this repository. */
export const CLASSIFIERS: readonly Classifier<readonly ParameterShape[]>[] = [DIGITS, CONVNET];

/** @throws RangeError if there is no classifier of that name. */
export function classifierOf(name: string): Classifier<readonly ParameterShape[]> {
  const classifier = CLASSIFIERS.find((candidate) => candidate.name === name);
  if (classifier) return classifier;
  throw new RangeError(
    `there is no classifier ${name}: there are ${CLASSIFIERS.map((known) => known.name).join(", ")}`,
  );
}
