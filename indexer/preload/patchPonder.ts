import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Has this process load a module of Ponder's with other words in it, for what Ponder has no option. A module that has not
 * these words is not loaded at all: Ponder has changed, and somebody has to look at what it does now.
 *
 * @param file The module, within Ponder's own folder of modules.
 * @param words A global pattern; what stands in the place of each match.
 * @throws {Error} if Ponder has no such module.
 */
export function patchPonder(file: string, words: RegExp, instead: string): void {
  const address = new URL(file, import.meta.resolve("ponder")).href;
  if (!existsSync(fileURLToPath(address))) throw new Error(`Ponder has no ${file}: look at what it has in its place`);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== address) return loaded;
      const source = String(loaded.source);
      if (source.search(words) < 0) throw new Error(`Ponder's ${file} has no ${words}: look at what it does now`);
      return { ...loaded, source: source.replaceAll(words, instead) };
    },
  });
}
