/** Reads the binary files of circom and snarkjs: iden3's .r1cs and .wtns formats. */

const FIELD_BYTES = 32;

/** A linear combination: pairs of a wire and its coefficient. */
export type Combination = readonly (readonly [wire: number, coefficient: bigint])[];

/** a · b = c, each side a linear combination of the wires. */
export type Constraint = readonly [a: Combination, b: Combination, c: Combination];

export interface R1cs {
  /** The number of wires: the constant 1, the public signals, then the private ones. */
  readonly wires: number;
  readonly publicSignals: number;
  readonly constraints: readonly Constraint[];
}

export function readR1cs(file: Uint8Array): R1cs {
  const sections = sectionsOf(file);
  const header = sections.get(1) ?? Buffer.alloc(0);
  // Field size (4), prime (32), wires (4), outputs (4), public inputs (4), private inputs (4), labels (8), constraints (4).
  const wires = header.readUInt32LE(4 + FIELD_BYTES);
  const publicSignals = header.readUInt32LE(8 + FIELD_BYTES) + header.readUInt32LE(12 + FIELD_BYTES);
  const count = header.readUInt32LE(header.length - 4);

  const data = sections.get(2) ?? Buffer.alloc(0);
  let position = 0;
  const readNumber = () => {
    position += 4;
    return data.readUInt32LE(position - 4);
  };
  const readCombination = (): Combination =>
    Array.from({ length: readNumber() }, () => {
      const wire = readNumber();
      position += FIELD_BYTES;
      return [wire, fieldElement(data, position - FIELD_BYTES)] as const;
    });
  const constraints = Array.from(
    { length: count },
    (): Constraint => [readCombination(), readCombination(), readCombination()],
  );
  return { wires, publicSignals, constraints };
}

/** The values of the wires; the first is 1. */
export function readWitness(file: Uint8Array): bigint[] {
  const data = sectionsOf(file).get(2) ?? Buffer.alloc(0);
  return Array.from({ length: data.length / FIELD_BYTES }, (_, i) => fieldElement(data, i * FIELD_BYTES));
}

/** Magic (4), version (4), number of sections (4); each section is its type (4), its length (8) and its content. */
function sectionsOf(file: Uint8Array): Map<number, Buffer> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const sections = new Map<number, Buffer>();
  let position = 12;
  for (let i = 0; i < bytes.readUInt32LE(8); i++) {
    const length = Number(bytes.readBigUInt64LE(position + 4));
    sections.set(bytes.readUInt32LE(position), bytes.subarray(position + 12, position + 12 + length));
    position += 12 + length;
  }
  return sections;
}

function fieldElement(bytes: Buffer, offset: number): bigint {
  return BigInt(
    `0x${Buffer.from(bytes.subarray(offset, offset + FIELD_BYTES))
      .reverse()
      .toString("hex")}`,
  );
}
