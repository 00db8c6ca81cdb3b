import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";

const ROOT = join(import.meta.dirname, "../..");

describe("The SDK as a package", () => {
  // Inside the repository, so that its dependencies are found.
  const out = join(ROOT, "sdk", `dist-${process.pid}`);

  before(function () {
    this.timeout(120_000);
    execFileSync(join(ROOT, "node_modules/.bin/node"), [join(ROOT, "sdk/build.ts"), out], {
      env: { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}` },
    });
  });

  after(() => {
    rmSync(out, { recursive: true, force: true });
  });

  it("exports JavaScript with declarations, and no TypeScript source", async () => {
    const { exports, scripts } = JSON.parse(readFileSync(join(out, "package.json"), "utf8"));
    expect(scripts).to.equal(undefined);
    for (const { types, default: code } of Object.values<Record<string, string>>(exports)) {
      expect(existsSync(join(out, types ?? ""))).to.equal(true);
      expect(Object.keys(await import(pathToFileURL(join(out, code ?? "")).href))).not.to.have.length(0);
    }
    const sources = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) =>
      /(?<!\.d)\.ts$/.test(name),
    );
    expect(sources).to.deep.equal([]);
  });

  it("needs nothing of Node.js at its main entry, so that browsers can load it", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/^(?:import|export)\b.*?from "([^"]+)";$/gms)) {
        expect(name, `${file} imports ${name}`).not.to.match(/^node:/);
        if (name.startsWith(".")) visit(join(file, "..", name));
        else expect(["ethers", "cborg", "@openzeppelin/merkle-tree"], `${file} imports ${name}`).to.include(name);
      }
    };
    visit(join(out, "index.js"));
    expect(seen.size).to.be.greaterThan(30);
  });
});
