/**
 * `npm run test:browser`: brings up what the demo brings up, and looks at the dashboard in a real Chromium as its users
 * do. What follows the command goes to mocha, such as `--grep keyboard`. Leaves a picture of every view in
 * test/browser/screenshots.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Mocha from "mocha";
import { buildDashboard } from "../indexer/dashboard/build.ts";
import { findChromium, launchChromium } from "../test/browser/chromium.ts";
import { testDetails } from "../test/browser/details.ts";
import { testKeyboard } from "../test/browser/keyboard.ts";
import { testLive } from "../test/browser/live.ts";
import { testStates } from "../test/browser/states.ts";
import { testTables } from "../test/browser/tables.ts";
import { testVerification } from "../test/browser/verification.ts";
import { testViews } from "../test/browser/views.ts";
import { print, red } from "./demo/console.ts";
import { play, setStage } from "./demo/stage.ts";
import { optionsOf } from "./optionsOf.ts";

const options = optionsOf("test:browser", { grep: { type: "string" } });
/** What to undo at the end, the latest last. */
const closing: (() => Promise<unknown>)[] = [];
try {
  findChromium();
  const stage = await setStage({ deploymentId: "test-browser", month: true, closing });
  const played = await play(stage);
  await stage.indexer.reached(await stage.chain.provider.getBlockNumber());
  const browser = await launchChromium();
  closing.push(() => browser.close());

  const dataDir = mkdtempSync(join(tmpdir(), "opg-browser-"));
  closing.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const mocha = new Mocha({ timeout: 60_000, ...(options.grep === undefined ? {} : { grep: options.grep }) });
  // Defines `describe` and `it`.
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  testViews(browser, stage, played);
  testTables(browser, stage);
  testDetails(browser, stage, played);
  testKeyboard(browser, stage, played);
  testLive(browser, stage);
  testVerification(browser, stage, played);
  testStates(browser, await buildDashboard(), dataDir);
  const { passes, failures } = await new Promise<Mocha.Stats>((done) => {
    const runner = mocha.run(() => done(runner.stats as Mocha.Stats));
  });
  print(`${passes} passed, ${failures} failed`);
  process.exitCode = failures === 0 && passes > 0 ? 0 : 1;
} catch (error) {
  print(red(`test:browser: ${error instanceof Error ? error.message : error}`));
  process.exitCode = 1;
} finally {
  // What does not close in time is not worth waiting for.
  setTimeout(() => process.exit(), 10_000);
  for (const close of closing.reverse()) await close().catch(() => undefined);
  process.exit();
}
