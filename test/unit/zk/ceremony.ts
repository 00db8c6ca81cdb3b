import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { zKey } from "snarkjs";
import {
  CeremonyError,
  type CeremonyFiles,
  ceremonyFiles,
  closeWithBeacon,
  contribute,
  setUpCeremony,
  verifyCeremony,
} from "../../../circuits/src/ceremony.ts";
import { withCurve } from "../../../circuits/src/curve.ts";
import { keyBytes, keyIdOf } from "../../../circuits/src/key.ts";
import { publishedAs, publishedPowers } from "../../../circuits/src/publishedPowers.ts";
import { compileCircuit } from "../../../circuits/src/setup.ts";
import { readKeyTranscript, readPowersTranscript } from "../../../circuits/src/transcript.ts";
import { UnreadableFileError } from "../../../circuits/src/UnreadableFileError.ts";
import {
  BEACON,
  copyOf,
  keepCurve,
  makePowers,
  quiet,
  runCeremony,
  SCALE,
  sectionsOf,
} from "../../support/ceremony.ts";
import { smallCircuit } from "../../support/groth16.ts";
import { temporaryDirectory } from "../../support/sdk.ts";

describe("Ceremony", function () {
  this.timeout(600_000);

  let temporary: ReturnType<typeof temporaryDirectory>;
  let ptau: string;
  let finished: string;
  let files: CeremonyFiles;
  const path = (...names: string[]) => join(temporary.path, ...names);

  let release: () => Promise<void>;
  before(async () => {
    release = keepCurve();
    temporary = temporaryDirectory();
    ptau = await makePowers(path("tau.ptau"));
    finished = path("finished");
    await runCeremony(finished, ptau);
    files = await ceremonyFiles(finished);
  });
  after(async () => {
    temporary.remove();
    await release();
  });

  const failure = async (work: Promise<unknown>): Promise<Error> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof Error)) throw new Error("it did not fail");
    return error;
  };
  const refused = async (work: Promise<unknown>, words: string) => {
    const error = await failure(work);
    expect(error, error.stack).to.be.instanceOf(CeremonyError);
    expect(error.message).to.contain(words);
  };

  let written = 0;
  /** A copy of a file with some bytes changed. */
  const patched = (file: string, change: (bytes: Buffer) => void): string => {
    const bytes = readFileSync(file);
    change(bytes);
    const to = path(`${written++}-${file.replace(/^.*\./, ".")}`);
    writeFileSync(to, bytes);
    return to;
  };

  it("of two contributions and a beacon in both phases gives a production key, which says so", async () => {
    const verified = await verifyCeremony(files, quiet);
    expect(verified.weaknesses).to.deep.equal([]);
    expect(verified.ceremony).to.deep.equal({
      development: false,
      contributions: 2,
      beacon: BEACON,
      zkeyHash: `0x${createHash("sha256").update(readFileSync(files.zkey)).digest("hex")}`,
    });
    expect(verified.circuit.contributions.map(({ name }) => name)).to.deep.equal(["Key 1", "Key 2"]);
    expect(verified.powers.contributions.map(({ name }) => name)).to.deep.equal(["Tau 1", "Tau 2"]);
    expect(verified.circuit.beacon).to.deep.equal({ value: BEACON, iterationsExp: 10 });
    expect(verified.powers.published).to.equal(undefined);
    const vkey = await withCurve(() => zKey.exportVerificationKey(files.zkey));
    expect(verified.keyId).to.equal(keyIdOf(keyBytes(vkey, verified.ceremony)));
  });

  it("shows every contributor the hash that the finished key has, which is the one that snarkjs computes", async () => {
    const directory = path("hashes");
    const { r1cs } = await compileCircuit(SCALE);
    const first = await setUpCeremony(r1cs, directory, { ptau, progress: quiet });
    const ours = await contribute(directory, { name: "Key 1", progress: quiet });
    const theirs = path("theirs.zkey");
    const hash = await withCurve(() => zKey.contribute(first.zkey, theirs, "Key 1", "entropy"));
    expect((await readKeyTranscript(theirs)).contributions).to.deep.equal([
      { name: "Key 1", hash: `0x${Buffer.from(hash).toString("hex")}` },
    ]);
    const closed = await closeWithBeacon(directory, { hash: BEACON, iterationsExp: 10, progress: quiet });
    const { contributions } = await readKeyTranscript(closed.zkey);
    expect(contributions.map((contribution) => contribution.hash)).to.deep.equal([ours.hash, closed.hash]);
  });

  it("with less than that gives a development key, and names what is missing", async () => {
    const weaknesses = async (directory: string) => {
      const verified = await verifyCeremony(await ceremonyFiles(directory), quiet);
      expect(verified.ceremony.development).to.equal(verified.weaknesses.length > 0);
      return verified.weaknesses;
    };
    const one = path("one");
    await runCeremony(one, ptau, { contributions: 1 });
    expect(await weaknesses(one)).to.deep.equal(["the circuit's phase has 1 of 2 contributions"]);

    const open = path("open");
    const { r1cs } = await compileCircuit(SCALE);
    await setUpCeremony(r1cs, open, { ptau, progress: quiet });
    expect(await weaknesses(open)).to.deep.equal([
      "the circuit's phase has no contribution",
      "the circuit's phase has no beacon of 32 bytes at its end",
    ]);
    await contribute(open, { name: "A", progress: quiet });
    await contribute(open, { name: "B", progress: quiet });
    expect(await weaknesses(open)).to.deep.equal(["the circuit's phase has no beacon of 32 bytes at its end"]);

    const alone = path("alone");
    await runCeremony(alone, await makePowers(path("alone.ptau"), 1));
    expect(await weaknesses(alone)).to.deep.equal(["its powers of tau have 1 of 2 contributions"]);

    const development = path("development");
    await setUpCeremony(r1cs, development, { progress: quiet });
    await contribute(development, { name: "A", progress: quiet });
    await contribute(development, { name: "B", progress: quiet });
    await closeWithBeacon(development, { hash: BEACON, iterationsExp: 10, progress: quiet });
    expect(await weaknesses(development)).to.deep.equal(["its powers of tau have no contribution"]);
  });

  it("goes on where it stopped, and never writes over a file", async () => {
    const directory = copyOf(finished, path("again"));
    const before = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "hex")]);
    const { r1cs } = await compileCircuit(SCALE);
    expect((await setUpCeremony(r1cs, directory, { ptau, progress: quiet })).zkey).to.match(/scale_final\.zkey$/);
    await refused(contribute(directory, { name: "C", progress: quiet }), "closed by a beacon");
    await refused(
      contribute(join(directory, "scale_0001.zkey"), { name: "C", progress: quiet }),
      "scale_0002.zkey is there already",
    );
    await refused(
      closeWithBeacon(join(directory, "scale_0002.zkey"), { hash: BEACON, iterationsExp: 10, progress: quiet }),
      "scale_final.zkey is there already",
    );
    await refused(
      setUpCeremony((await smallCircuit(1)).r1cs, directory, { ptau, progress: quiet }),
      "the ceremony of another circuit",
    );
    const other = patched(r1cs, (bytes) => bytes.fill(1, bytes.length - 8));
    const named = join(dirname(other), "scale.r1cs");
    writeFileSync(named, readFileSync(other));
    await refused(setUpCeremony(named, directory, { ptau, progress: quiet }), "the ceremony of another circuit");
    const otherPowers = await makePowers(path("other.ptau"), 0);
    await refused(
      setUpCeremony(r1cs, directory, { ptau: otherPowers, progress: quiet }),
      "powersOfTau.ptau is there already, and is not",
    );
    expect(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "hex")])).to.deep.equal(
      before,
    );
  });

  it("refuses names and beacons that snarkjs would cut or take differently", async () => {
    const open = join(finished, "scale_0000.zkey");
    for (const name of ["", "a\nb", "\x1b[2J", "x".repeat(65), "\u202eecila"]) {
      await refused(contribute(open, { name, progress: quiet }), "1 to 64 printable characters");
    }
    const beacon = (change: object) =>
      closeWithBeacon(open, { hash: BEACON, iterationsExp: 10, progress: quiet, ...change });
    await refused(beacon({ hash: "0x5e" }), "32 bytes");
    for (const iterationsExp of [9, 27, 10.5]) await refused(beacon({ iterationsExp }), "2^10 to 2^26");
  });

  it("refuses powers of tau that do not serve the circuit", async () => {
    const { r1cs } = await compileCircuit(SCALE);
    const small = await makePowers(path("small.ptau"), 0, 2);
    await refused(setUpCeremony(r1cs, path("small"), { ptau: small, progress: quiet }), "serves circuits of up to 2^2");
    await refused(verifyCeremony({ ...files, ptau: small }, quiet), "serves circuits of up to 2^2");
    // The sections that prepare them get other types.
    const unprepared = patched(ptau, (bytes) => {
      for (const { type, position } of sectionsOf(bytes)) if (type >= 12) bytes.writeUInt32LE(type + 80, position);
    });
    await refused(setUpCeremony(r1cs, path("unprepared"), { ptau: unprepared, progress: quiet }), "is not prepared");
    expect(await failure(setUpCeremony(r1cs, path("none"), { ptau: r1cs, progress: quiet })).then(String)).to.contain(
      "it is no .ptau file",
    );
    const large = await failure(setUpCeremony(largeCircuit(), path("large"), { progress: quiet }));
    expect(large.message)
      .to.contain("a circuit of 2^15 rows is too large to make powers of tau here: get powersOfTau28_hez_final_15.ptau")
      .and.contain(publishedPowers(15)?.hash.slice(2));
  });

  it("does not hold with another circuit, other powers of tau, or another ceremony's key", async () => {
    const changed = path("changed.circom");
    writeFileSync(changed, readFileSync(SCALE, "utf8").replace("weight * x + bias", "weight * x + 2 * bias"));
    const { r1cs } = await compileCircuit(changed);
    await refused(verifyCeremony({ ...files, r1cs }, quiet), "scale_final.zkey does not hold");
    await refused(verifyCeremony({ ...files, ptau: await makePowers(path("new.ptau")) }, quiet), "does not hold");
    const { r1cs: another } = await smallCircuit(1);
    await refused(verifyCeremony({ ...files, r1cs: another }, quiet), "does not hold");
  });

  it("does not hold with a changed byte in any part of key or powers of tau", async () => {
    const { keyId } = await verifyCeremony(files, quiet);
    /** Whether a file with this byte changed still gives the same key; names are in no hash but the file's. */
    const accepts = async (change: Partial<CeremonyFiles>) => {
      try {
        return (await verifyCeremony({ ...files, ...change }, quiet)).keyId === keyId;
      } catch (error) {
        if (!(error instanceof CeremonyError || error instanceof UnreadableFileError)) throw error;
        return false;
      }
    };
    expect(await accepts({})).to.equal(true);
    await withCurve(async () => {
      for (const kind of ["zkey", "ptau"] as const) {
        for (const { type, content, length } of sectionsOf(readFileSync(files[kind]))) {
          for (const share of process.env.OPG_DEEP ? [0, 0.3, 0.5, 0.8, 1] : [0.5]) {
            const offset = content + Math.round(share * (length - 1));
            const changed = patched(files[kind], (bytes) => bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset));
            expect(await accepts({ [kind]: changed }), `section ${type} of .${kind}, byte ${offset}`).to.equal(false);
          }
        }
      }
    });
  });

  it("cannot be made to hash a beacon for ever, and says of a broken file what is wrong with it", async () => {
    const exponent = (bytes: Buffer) => bytes.indexOf(Buffer.from([2, 10, 3, 32]));
    const endless = patched(files.zkey, (bytes) => bytes.writeUInt8(63, exponent(bytes) + 1));
    await refused(verifyCeremony({ ...files, zkey: endless }, quiet), "hashed 2^63 times cannot be verified");
    const unreadable = async (change: Partial<CeremonyFiles>, words: RegExp) => {
      const error = await failure(verifyCeremony({ ...files, ...change }, quiet));
      expect(error, error.stack).to.be.instanceOf(UnreadableFileError);
      expect(error.message).to.match(words);
    };
    await unreadable({ zkey: path("absent.zkey") }, /absent\.zkey cannot be read: there is no such file/);
    await unreadable({ zkey: files.ptau }, /it is no \.zkey file/);
    await unreadable(
      { zkey: patched(files.zkey, (bytes) => bytes.writeUInt8(9, exponent(bytes))) },
      /order|unknown kind/,
    );
    const short = path("short.zkey");
    writeFileSync(short, readFileSync(files.zkey).subarray(0, -1));
    await unreadable({ zkey: short }, /it is cut short/);
    const transcript = sectionsOf(readFileSync(files.zkey)).find(({ type }) => type === 10);
    const [powersHeader] = sectionsOf(readFileSync(files.ptau));
    const huge = patched(files.ptau, (bytes) => bytes.writeUInt8(1, (powersHeader?.content ?? 0) + 43));
    await unreadable({ ptau: huge }, /it is of 2\^4 of the powers of a ceremony of 2\^16777220/);
    const outside = patched(files.zkey, (bytes) => bytes.writeUInt8(1, (transcript?.content ?? 0) + 68));
    await unreadable({ zkey: outside }, /a point of its transcript is not of the group/);
  });

  it("reads of a .ptau who contributed to it", async () => {
    const { power, prepared, contributions } = await readPowersTranscript(ptau);
    expect({ power, prepared }).to.deep.equal({ power: 4, prepared: true });
    expect(contributions.map(({ name, beacon }) => [name, beacon?.value])).to.deep.equal([
      ["Tau 1", undefined],
      ["Tau 2", undefined],
      ["beacon", BEACON],
    ]);
  });

  it("knows the published powers of tau by the hashes that snarkjs lists", () => {
    const readme = join(dirname(createRequire(import.meta.url).resolve("snarkjs")), "..", "README.md");
    const rows = readFileSync(readme, "utf8").matchAll(
      /\|\s*(\d+)\s*\|[^|]*\|\s*\[(\S+\.ptau)\][^|]*\|\s*([0-9a-f]{128})/g,
    );
    const listed = [...rows].map(
      ([, power, file, hash]) => ({ power: Number(power), file, hash: `0x${hash}` }) as const,
    );
    expect(listed).to.have.length(21);
    for (const { power, file, hash } of listed) {
      expect(publishedPowers(power)).to.deep.equal({ file, hash });
      expect(publishedAs(hash)).to.equal(file);
    }
    expect(publishedPowers(3)).to.deep.equal(publishedPowers(8));
    expect(publishedPowers(29)).to.equal(undefined);
    expect(publishedAs(`0x${"00".repeat(64)}`)).to.equal(undefined);
  });

  /** The header of an .r1cs file of 2^15 rows, and nothing else. */
  function largeCircuit(): string {
    const bytes = Buffer.concat([readFileSync(files.r1cs).subarray(0, 12), headerOf(readFileSync(files.r1cs))]);
    bytes.writeUInt32LE(1, 8); // sections
    bytes.writeUInt32LE(2 ** 15 - 8, bytes.length - 4); // constraints
    const file = path("large.r1cs");
    writeFileSync(file, bytes);
    return file;
  }

  function headerOf(bytes: Buffer): Buffer {
    const header = sectionsOf(bytes).find(({ type }) => type === 1);
    if (header === undefined) throw new Error("an .r1cs has a header");
    return bytes.subarray(header.position, header.content + header.length);
  }
});
