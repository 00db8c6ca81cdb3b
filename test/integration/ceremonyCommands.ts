import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { BEACON, copyOf, makePowers, runCeremony, SCALE } from "../support/ceremony.ts";
import { opg } from "../support/cli.ts";
import { temporaryDirectory } from "../support/sdk.ts";

const ROOT = resolve(import.meta.dirname, "../..");

describe("opg circuit setup, contribute, beacon, verify", function () {
  this.timeout(600_000);

  let temporary: ReturnType<typeof temporaryDirectory>;
  let ptau: string;
  const path = (...names: string[]) => join(temporary.path, ...names);
  const circuit = (...args: string[]) => opg(["circuit", ...args], {});
  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await circuit(...args, "--json");
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout);
  };

  before(async () => {
    temporary = temporaryDirectory();
    ptau = await makePowers(path("tau.ptau"));
  });
  after(() => temporary.remove());

  it("run a ceremony whose contributors have each nothing but a file, and verify it from the sources", async () => {
    const directory = path("ceremony");
    const begun = await circuit("setup", SCALE, "--ptau", ptau, "--out", directory);
    expect(begun, begun.stderr).to.deep.include({ code: 0 });
    expect(begun.stderr.split("\n")).to.include("making the first key");
    expect(await circuit("setup", SCALE, "--ptau", ptau, "--out", directory)).to.deep.include({ code: 0 });

    // Alice gets a file and gives one back.
    copyFileSync(join(directory, "scale_0000.zkey"), path("scale_0000.zkey"));
    const alice = await done("contribute", path("scale_0000.zkey"), "--name", "Alice");
    expect(alice.zkey).to.equal(path("scale_0001.zkey"));
    copyFileSync(alice.zkey, join(directory, "scale_0001.zkey"));
    const bob = await done("contribute", directory, "--name", "Bob", "--entropy-from", "/dev/urandom");
    await done("beacon", directory, "--hash", BEACON.slice(2), "--iterations", "11");

    const key = path("scale.key.json");
    const text = await circuit("verify", directory, "--circuit", SCALE, "--ptau", ptau, "--write-key", key);
    expect(text, text.stderr).to.deep.include({ code: 0 });
    expect(text.stdout)
      .to.contain(`1  Alice  ${alice.hash.slice(2)}`)
      .and.contain(`2  Bob  ${bob.hash.slice(2)}`)
      .and.contain(`beacon  ${BEACON}, hashed 2^11 times`)
      .and.match(/verdict +the whole chain holds\n +a production key\n$/);
    const verified = await done("verify", join(directory, "scale_final.zkey"), "--circuit", SCALE, "--ptau", ptau);
    expect(verified).to.deep.include({ holds: true, weaknesses: [] });
    expect(JSON.parse(readFileSync(key, "utf8")).ceremony).to.deep.equal(verified.ceremony);
    expect(text.stdout).to.contain(verified.keyId);
  });

  it("leave nothing half-written when killed, and go on", async () => {
    const directory = path("killed");
    await done("setup", SCALE, "--ptau", ptau, "--out", directory);
    const state = () => readdirSync(directory).sort();
    const before = state();
    // A beacon that takes minutes: the work file is there while it is hashed, or not yet.
    const beacon = ["beacon", directory, "--hash", BEACON, "--iterations"];
    const child = spawn(join(ROOT, "node_modules/.bin/node"), ["scripts/opg.ts", "circuit", ...beacon, "26"], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    await once(child.stderr, "data"); // it has begun
    while (state().length === before.length) await setTimeout(20);
    child.kill("SIGKILL");
    await once(child, "close");
    expect(state().filter((name) => !name.endsWith(".tmp"))).to.deep.equal(before);
    expect(await done("beacon", directory, "--hash", BEACON)).to.deep.include({
      zkey: join(directory, "scale_final.zkey"),
    });
    expect(state()).to.deep.equal([...before, "scale_final.zkey"].sort());

    // What a killed setup had done is kept, and what it had not is done.
    rmSync(join(directory, "scale_final.zkey"));
    rmSync(join(directory, "scale_0000.zkey"));
    writeFileSync(join(directory, "scale_0000.zkey.999999999.tmp"), "half");
    await done("setup", SCALE, "--ptau", ptau, "--out", directory);
    expect(state()).to.deep.equal(before);
  });

  it("exit with 1 and say why where a ceremony does not hold or a step is refused, with 2 for unreadable input", async () => {
    const directory = path("refused");
    const zkey = await runCeremony(directory, ptau);
    const tampered = copyOf(directory, path("tampered"));
    const bytes = readFileSync(zkey);
    const beacon = bytes.indexOf(Buffer.from(BEACON.slice(2), "hex"));
    bytes.writeUInt8(0x5f, beacon);
    writeFileSync(join(tampered, "scale_final.zkey"), bytes);
    const broken = await circuit("verify", tampered);
    expect(broken).to.deep.include({ code: 1 });
    expect(broken.stdout).to.match(/^DOES NOT HOLD: .*scale_final\.zkey does not hold: .*beacon does not match/);
    const { code, stdout } = await circuit("verify", tampered, "--json");
    expect(code).to.equal(1);
    expect(JSON.parse(stdout)).to.deep.include({ holds: false });

    const fails = async (code: number, words: string, ...args: string[]) => {
      const result = await circuit(...args);
      expect(result.stdout).to.equal("");
      expect(result.stderr).to.contain(words);
      expect(result.code, result.stderr).to.equal(code);
    };
    await fails(1, "is closed by a beacon", "contribute", directory, "--name", "Late");
    await fails(2, "holds no ceremony", "verify", path("nowhere"));
    await fails(2, "name the sources of a .zkey", "verify", zkey);
    await fails(2, "name a ceremony, or a proof by all of", "verify", "--vkey", "x.json");
    await fails(2, "cannot be read: there is no such file", "setup", path("absent.circom"));
    await fails(
      2,
      "cannot be read",
      "contribute",
      join(directory, "scale_0000.zkey"),
      "--name",
      "A",
      "--entropy-from",
      "absent",
    );
    const wrong = path("wrong.circom");
    writeFileSync(wrong, "template Wrong() {");
    await fails(2, `circom cannot compile ${wrong}`, "setup", wrong, "--out", path("wrong"));
    expect(existsSync(path("wrong"))).to.equal(false);
  });
});
