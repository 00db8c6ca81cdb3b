// Builds the package that is published, in dist/: `npm run build -w sdk`, then `npm publish ./sdk/dist`.
// Inside this repository the sources are imported as they are; outside it JavaScript and declarations are.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const HERE = import.meta.dirname;
const out = resolve(process.argv[2] ?? join(HERE, "dist"));

rmSync(out, { recursive: true, force: true });
execFileSync("tsc", ["-p", join(HERE, "tsconfig.json"), "--outDir", out], { stdio: "inherit" });
const { scripts, exports, ...manifest } = JSON.parse(readFileSync(join(HERE, "package.json"), "utf8"));
const published = Object.entries<string>(exports).map(([name, source]) => {
  const built = source.replace("./src/", "./").replace(/\.ts$/, "");
  return [name, { types: `${built}.d.ts`, default: `${built}.js` }];
});
const text = JSON.stringify({ ...manifest, exports: Object.fromEntries(published) }, null, 2);
writeFileSync(join(out, "package.json"), `${text}\n`);
