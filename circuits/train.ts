/**
 * Trains the classifiers and writes their integer parameters; a second run writes the same files.
 *
 *   node circuits/train.ts             all of them
 *   node circuits/train.ts convnet     one
 */
import { writeFileSync } from "node:fs";
import type { ParameterShape } from "./src/commitment.ts";
import { digitImages } from "./src/dataset.ts";
import { filesOf } from "./src/provable.ts";
import { CONVNET_RECIPE } from "./train/convnet.ts";
import { DIGITS_RECIPE } from "./train/digits.ts";
import { type Recipe, train } from "./train/training.ts";

const names = process.argv.slice(2);
const wanted = (name: string) => names.length === 0 || names.includes(name);
const known = [DIGITS_RECIPE, CONVNET_RECIPE].map(({ classifier }) => classifier.name);
const unknown = names.find((name) => !known.includes(name));
if (unknown !== undefined) {
  console.error(`train: there is no classifier ${unknown}: name some of ${known.join(", ")}`);
  process.exit(1);
}
if (wanted("digits")) write(DIGITS_RECIPE);
if (wanted("convnet")) write(CONVNET_RECIPE);

function write<const Shape extends readonly ParameterShape[]>(recipe: Recipe<Shape>): void {
  const { classifier } = recipe;
  const parameters = train(recipe, (line) => console.error(line));
  const { heldOut } = digitImages(classifier.side);
  const report = { heldOut: heldOut.length, accuracy: classifier.accuracy(parameters, heldOut) };
  const file = filesOf(classifier).weights;
  writeFileSync(file, `${JSON.stringify({ ...report, ...parameters })}\n`);
  console.error(`${file}: ${(100 * report.accuracy).toFixed(2)} % of ${report.heldOut} held-out digits`);
}
