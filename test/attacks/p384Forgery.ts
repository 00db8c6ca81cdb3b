import { expect } from "chai";
import { dataLength, dataSlice, getBytes, hexlify } from "ethers";
import { network } from "hardhat";
import {
  add,
  chord,
  G,
  hex48,
  invert,
  mod,
  n,
  negate,
  type Point,
  p,
  sum,
  tangent,
} from "../../sdk/src/attestation/p384Curve.ts";
import { encodeHint, oddMultiples, p384Hint, signedDigits } from "../../sdk/src/attestation/p384Hint.ts";
import { deployP384, randomSignature } from "../support/p384.ts";

const { ethers } = await network.create();
const verifier = await deployP384(ethers);

const pair = (a: bigint, b: bigint) => `0x${hex48(a)}${hex48(b)}`;
const key = ({ x, y }: Point) => pair(x, y);
const multiple = (k: bigint): Point => {
  const point = sum([mod(k, n), G]);
  if (point === undefined) throw new Error("a multiple of n");
  return point;
};
/** A valid signature of the number z by the private key d with the nonce k. */
function signWith(z: bigint, d: bigint, k: bigint) {
  const r = mod(multiple(k).x, n);
  return { hash: `0x${hex48(z)}`, signature: pair(r, mod(invert(k, n) * (z + r * d), n)), publicKey: key(multiple(d)) };
}
const verify = (s: { hash: string; signature: string; publicKey: string }, hint: string = p384Hint(s)) =>
  verifier.verify(s.hash, s.signature, s.publicKey, hint);

describe("attack: forged P-384 signatures", () => {
  const valid = randomSignature();
  const hint = p384Hint(valid);
  const [r, s] = [BigInt(dataSlice(valid.signature, 0, 48)), BigInt(dataSlice(valid.signature, 48))];
  const [x, y] = [BigInt(dataSlice(valid.publicKey, 0, 48)), BigInt(dataSlice(valid.publicKey, 48))];
  const refused = async (changes: Partial<typeof valid>) => {
    for (const given of ["0x", hint]) expect(await verify({ ...valid, ...changes }, given)).to.equal(false);
  };

  it("r or s outside [1, n - 1] is refused, among them r = s = 0 and the values that differ by n", async () => {
    for (const [badR, badS] of [
      [0n, 0n],
      [0n, s],
      [r, 0n],
      [n, s],
      [r, n],
      [n, n],
      [r, mod(s + n, 2n ** 384n)],
      [2n ** 384n - 1n, s],
      [r, 2n ** 384n - 1n],
    ] as const) {
      await refused({ signature: pair(badR, badS) });
    }
  });

  it("the twin (r, n - s) is as valid as the signature: whoever caches must not key by the signature", async () => {
    const twin = { ...valid, signature: pair(r, n - s) };
    expect(await verify(twin)).to.equal(true);
    expect(await verify(twin, "0x")).to.equal(true);
    await refused({ signature: pair(n - r, s) });
  });

  it("a key that is not on the curve, not canonical, or infinity is refused", async () => {
    for (const [badX, badY] of [
      [0n, 0n],
      [x, 0n],
      [0n, y],
      [x, mod(y + 1n, p)],
      [mod(x + 1n, p), y],
      [y, x],
      [p, y],
      [x, p],
      [2n ** 384n - 1n, 2n ** 384n - 1n],
    ] as const) {
      await refused({ publicKey: pair(badX, badY) });
    }
    // The only points whose x or y has a second encoding below 2^384 are those with a coordinate below 2^384 - p.
    let small = 1n;
    const root = (v: bigint) => {
      let [result, base] = [1n, v];
      for (let e = (p + 1n) / 4n; e > 0n; e >>= 1n, base = mod(base * base, p))
        if (e & 1n) result = mod(result * base, p);
      return mod(result * result, p) === v ? result : undefined;
    };
    const b = mod(G.y * G.y - G.x ** 3n + 3n * G.x, p);
    while (root(mod(small ** 3n - 3n * small + b, p)) === undefined) small++;
    const smallY = root(mod(small ** 3n - 3n * small + b, p)) ?? 0n;
    // A valid signature for a key with unknown logarithm: choose R = a G + c Q, then r = x(R), s = r/c, z = a s.
    const Q = { x: small, y: smallY };
    const R = add(multiple(5n), sum([7n, Q]));
    const smallR = mod(R?.x ?? 0n, n);
    const smallS = mod(smallR * invert(7n, n), n);
    const signed = { hash: `0x${hex48(mod(5n * smallS, n))}`, signature: pair(smallR, smallS), publicKey: key(Q) };
    expect(await verify(signed)).to.equal(true);
    expect(await verify(signed, "0x")).to.equal(true);
    for (const given of ["0x", p384Hint(signed)]) {
      expect(await verify({ ...signed, publicKey: pair(small + p, smallY) }, given)).to.equal(false);
    }
  });

  it("the opposite key and the key of another are refused", async () => {
    await refused({ publicKey: key(negate({ x, y })) });
    await refused({ publicKey: randomSignature().publicKey });
    await refused({ publicKey: key(G) });
  });
});

describe("attack: hints against the P-384 verifier", () => {
  const valid = randomSignature();
  const hint = p384Hint(valid);
  const forged = { ...valid, hash: `0x${hex48(mod(BigInt(valid.hash) + 1n, 2n ** 384n))}` };

  /** `hint` with the bytes from `at` replaced. */
  const patch = (base: string, at: number, hex: string) =>
    base.slice(0, 2 + 2 * at) + hex + base.slice(2 + 2 * at + hex.length);
  // Where p384Hint puts the y of R, the number of powers and the digits.
  const Y = 49;
  const POWERS = 865;
  const DIGITS = 866;
  const powers = Number(dataSlice(hint, POWERS, DIGITS));

  const stride = process.env.OPG_DEEP ? 11 : 211;
  it(`no flipped byte (every ${stride}) makes an invalid signature valid; all of them spoil a valid one`, async () => {
    for (let at = 0; at < dataLength(hint); at += stride) {
      const flipped = Number(dataSlice(hint, at, at + 1)) ^ ([1, 2, 4, 16][at % 4] ?? 0);
      const spoilt = patch(hint, at, flipped.toString(16).padStart(2, "0"));
      expect(await verify(forged, spoilt), `byte ${at}`).to.equal(false);
      expect(await verify(valid, spoilt), `byte ${at}`).to.equal(false);
    }
  }).timeout(3_600_000);

  it("random hints validate nothing", async () => {
    for (let i = 0; i < 8; i++) {
      const random = hexlify(crypto.getRandomValues(new Uint8Array(dataLength(hint))));
      expect(await verify(forged, random)).to.equal(false);
      expect(await verify(valid, patch(random, 0, "00"))).to.equal(false);
    }
    expect(await verify(forged, `0x${"00".repeat(dataLength(hint))}`)).to.equal(false);
  });

  it("a cut or an extended hint is refused", async () => {
    for (const length of [1, 865, 866, dataLength(hint) - 48, dataLength(hint) - 1]) {
      expect(await verify(valid, dataSlice(hint, 0, length))).to.equal(false);
    }
    expect(await verify(valid, `${hint}00`)).to.equal(false);
    for (const count of [0, 42, 209, 255]) {
      expect(await verify(valid, patch(hint, POWERS, count.toString(16).padStart(2, "0")))).to.equal(false);
    }
  });

  it("leading powers without a digit start from nothing, not from what the memory holds", async () => {
    const padded = `${hint.slice(0, 2 + 2 * POWERS)}${(powers + 1).toString(16)}0000${hint.slice(2 + 2 * DIGITS)}`;
    expect(await verify(valid, padded)).to.equal(true);
    expect(await verify(forged, padded)).to.equal(false);
  });

  // A signer who knows all logarithms: any combination of G, Q and R can be written down.
  const [z, d, k] = [3n, 5n, 7n];
  const signed = signWith(z, d, k);
  const R = multiple(k);
  const bad = { ...signed, hash: `0x${hex48(z + 1n)}` };
  const claim = (t: bigint, v1: readonly number[], v2Less1: readonly number[], flags: number) =>
    encodeHint({
      flags,
      t: mod(t, n),
      R,
      terms: [
        { table: oddMultiples(multiple(d)), digits: v1 },
        { table: oddMultiples(R), digits: v2Less1 },
      ],
    }) ?? "0x";

  it("a true sum whose scalars do not belong to the signature is refused", async () => {
    const [v1, v2] = [2n ** 150n + 12_345n, 2n ** 160n + 99n];
    for (const flags of [0, 1]) {
      const sumIsInfinity = claim(-v1 * d - v2 * k, signedDigits(v1), signedDigits(v2 - 1n), flags);
      expect(dataLength(sumIsInfinity)).to.be.greaterThan(DIGITS);
      expect(await verify(bad, sumIsInfinity)).to.equal(false);
    }
  });

  it("v2 = 0, for which t = 0 and v1 = 0 belong to every signature, is refused", async () => {
    // t G + v1 Q + (v2 - 1) R = -R holds, and all three congruences.
    for (const flags of [0, 1]) {
      const zero = claim(0n, [], [-1], flags);
      expect(dataLength(zero)).to.be.greaterThan(DIGITS);
      expect(await verify(bad, zero)).to.equal(false);
      expect(await verify(signed, zero)).to.equal(false);
    }
  });

  it("negative scalars are refused", async () => {
    const [v1, v2] = [-1n, 1n];
    for (const flags of [0, 1]) {
      const negative = claim(-v1 * d - v2 * k, [-1], [], flags);
      expect(await verify(bad, negative)).to.equal(false);
      expect(await verify(signed, negative)).to.equal(false);
    }
  });

  it("an addition of a point to itself, where any slope satisfies m · 0 = 0, is refused even with the true slope", async () => {
    // With the nonce -d, R is Q. v1 and v2 - 1 both start with 2^60, so that the sum starts with Q + R: a true sum, for
    // a valid signature, but one that a verifier which takes it would also take with a slope of the forger's choice.
    const [v1, v2] = [2n ** 60n, 2n ** 60n + 1n];
    const Q = multiple(d);
    const r = mod(Q.x, n);
    const s = mod(r * v2 * invert(v1, n), n);
    const z = mod(-s * d - r * d, n);
    const doubled = { hash: `0x${hex48(z)}`, signature: pair(r, s), publicKey: key(Q) };
    expect(await verify(doubled)).to.equal(true);
    let coincidences = 0;
    const made = encodeHint(
      {
        flags: 0,
        t: mod(v2 * z * invert(s, n), n),
        R: Q,
        terms: [
          { table: oddMultiples(Q), digits: signedDigits(v1) },
          { table: oddMultiples(Q), digits: signedDigits(v2 - 1n) },
        ],
      },
      (P, S) => {
        if (P.x !== S.x) return chord(P, S);
        coincidences++;
        return tangent(P);
      },
    );
    expect(coincidences).to.equal(1);
    expect(await verify(doubled, made)).to.equal(false);
  });

  it("the longest sum that a hint can ask for costs less than 1,500,000 gas", async () => {
    const digits = () => Array.from({ length: 208 }, (_, i) => ((i * 7) % 8) * 2 + 1);
    const longest = claim(12_345n, digits(), digits().toReversed(), 0);
    expect(Number(dataSlice(longest, POWERS, DIGITS))).to.equal(208);
    const data = verifier.interface.encodeFunctionData("verify", [bad.hash, bad.signature, bad.publicKey, longest]);
    const calldata = getBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 4n : 16n), 0n);
    const gas = await ethers.provider.estimateGas({ to: await verifier.getAddress(), data });
    expect(await verify(bad, longest)).to.equal(false);
    expect(gas - calldata < 1_521_000n, `${gas - calldata}`).to.equal(true);
    expect(gas - calldata > 900_000n, `${gas - calldata}`).to.equal(true);
  });

  it("an R of the wrong parity, or off the curve, is refused", async () => {
    const honest = BigInt(`0x${hint.slice(2 + 2 * Y, 2 + 2 * Y + 96)}`);
    expect(await verify(valid, patch(hint, Y, hex48(p - honest)))).to.equal(false);
    expect(await verify(valid, patch(hint, Y, hex48(mod(honest + 1n, p))))).to.equal(false);
  });

  it("x(R) = r + n is refused unless it is below p", async () => {
    expect(await verify(valid, patch(hint, 0, "02"))).to.equal(false);
    expect(await verify(valid, patch(hint, 0, "03"))).to.equal(false);
    expect(await verify(valid, patch(hint, 0, "04"))).to.equal(false);
  });
});

describe("attack: exceptional additions in P-384", () => {
  // Small private keys and nonces make table entries, partial sums and the comb's entries meet.
  const teeth = [2n ** 43n, 2n ** 344n];
  for (const d of [1n, 2n, 3n, 15n, 16n, 31n, n - 1n, n - 2n, n - 15n, ...teeth]) {
    it(`a valid signature under the key ${d < 100n ? d : d > n - 100n ? `n - ${n - d}` : `2^${d.toString(2).length - 1}`} · G is accepted with and without hint, its forgery refused`, async () => {
      for (const [z, k] of [
        [0n, 1n],
        [0n, n - 1n],
        [1n, 1n],
        [d, 2n],
        [n - d, 3n],
        [2n ** 384n - 1n, d],
        [12_345n, mod(2n * d, n)],
      ] as const) {
        const signed = signWith(z, d, k);
        if (BigInt(dataSlice(signed.signature, 48)) === 0n) continue;
        const made = p384Hint(signed);
        expect(dataLength(made)).to.be.greaterThan(915);
        const forged = { ...signed, hash: `0x${hex48(z === 0n ? 1n : z - 1n)}` };
        for (const given of [made, "0x"]) {
          expect(await verify(signed, given), `z ${z} k ${k}`).to.equal(true);
          expect(await verify(forged, given), `z ${z} k ${k}`).to.equal(false);
        }
      }
    });
  }

  it("u1 G + u2 Q = infinity is refused", async () => {
    // z + r d = 0: u1 + u2 d = 0 for any s.
    const d = 11n;
    const r = mod(multiple(4n).x, n);
    const signed = { hash: `0x${hex48(mod(-r * d, n))}`, signature: pair(r, 9n), publicKey: key(multiple(d)) };
    expect(await verify(signed, "0x")).to.equal(false);
    expect(p384Hint(signed)).to.equal("0x");
  });
});
