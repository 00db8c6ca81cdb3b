import { type Command, InvalidArgumentError } from "commander";
import { buildContracts } from "../buildContracts.ts";
import { readInputFile } from "../cli/files.ts";
import { InputError } from "../cli/InputError.ts";
import { auditOpenGradient } from "./audit.ts";
import { EARLIEST, LATEST } from "./deploy.ts";
import { type VerificationReport, verifyFile } from "./verify.ts";

interface VerifyOptions {
  readonly json?: boolean;
  readonly at?: number;
  readonly allowDebug?: boolean;
  readonly root?: string;
}

interface AuditOptions {
  readonly tlsCertificate: string;
  readonly signingKey: string;
  readonly receipt?: readonly string[];
  readonly json?: boolean;
  readonly at?: number;
  readonly root?: string;
}

function unixSeconds(value: string): number {
  const seconds = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (seconds >= EARLIEST && seconds <= LATEST) return seconds;
  throw new InvalidArgumentError(`expected Unix time in seconds, from ${EARLIEST} to ${LATEST}.`);
}

const gas = (value: number | null): string => value?.toLocaleString("en-US") ?? "–";

const date = (milliseconds: number): string => {
  const time = new Date(milliseconds);
  return Number.isNaN(time.valueOf()) ? `${milliseconds} ms` : time.toISOString();
};

/** One line for each file, under a heading. */
function table(reports: readonly VerificationReport[]): string {
  const rows = [
    ["FILE", "MADE", "GAS COLD", "GAS WARM", "VALID"],
    ...reports.map((report) => [
      report.file,
      date(report.timestamp),
      gas(report.gasCold),
      gas(report.gasWarm),
      report.valid ? (report.debug ? "yes, in debug mode" : "yes") : `no: ${report.reason}`,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Runs `work`; a file that cannot be read ends it with one line and exit code 2. */
async function orUnreadable(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

const readRoot = (file: string | undefined): { root?: Uint8Array } =>
  file === undefined ? {} : { root: readInputFile(file) };

async function verify(files: readonly string[], options: VerifyOptions): Promise<void> {
  const root = readRoot(options.root);
  const { at, allowDebug = false } = options;
  buildContracts();
  const reports: VerificationReport[] = [];
  const clear = process.stderr.isTTY ? "\r\u001b[K" : null;
  for (const file of files) {
    if (clear !== null) process.stderr.write(`${clear}verifying ${file}`);
    reports.push(await verifyFile(file, { allowDebug, ...(at === undefined ? {} : { at }), ...root }));
  }
  if (clear !== null) process.stderr.write(clear);
  process.stdout.write(`${options.json ? JSON.stringify(reports, null, 2) : table(reports)}\n`);
  process.exitCode = reports.every(({ valid }) => valid) ? 0 : 1;
}

async function audit(document: string, options: AuditOptions): Promise<void> {
  const { tlsCertificate, signingKey, receipt: receipts = [], at } = options;
  buildContracts();
  const report = await auditOpenGradient(
    { document, tlsCertificate, signingKey, receipts },
    { ...(at === undefined ? {} : { at }), ...readRoot(options.root) },
  );
  const lines = [
    `enclave: ${report.reason ?? "attested, with this TLS certificate and this signing key"}`,
    ...report.receipts.map(({ file, valid }) => `${file}: ${valid ? "signed by this key" : "not signed by this key"}`),
  ];
  process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : lines.join("\n")}\n`);
  process.exitCode = report.valid ? 0 : 1;
}

const EXIT_CODES = "\nExit code: 0 if all is valid, 1 if anything is not, 2 if a file cannot be read.\n\nExample:\n";

/** Adds the commands about attestation documents: `opg attestation verify` and `opg attestation audit`. */
export function registerAttestationCommands(program: Command): void {
  const attestation = program
    .command("attestation")
    .description("work with attestation documents of AWS Nitro enclaves, on a chain in this process");
  attestation
    .command("verify")
    .description("verify documents with the real contracts, cold and then warm")
    .argument("<file...>", "attestation documents (COSE_Sign1, binary)")
    .option("--json", "print one JSON array")
    .option("--at <seconds>", "Unix time at which to verify (default: the document's own)", unixSeconds)
    .option("--allow-debug", "take documents of enclaves in debug mode, too")
    .option("--root <file>", "the root certificate in DER (default: AWS's)")
    .addHelpText("after", `${EXIT_CODES}  $ npm run opg -- attestation verify document.bin --json`)
    .action((files: string[], options: VerifyOptions) => orUnreadable(() => verify(files, options)));
  attestation
    .command("audit")
    .description("check what one of OpenGradient's enclaves publishes; it moves no money")
    .argument("<document>", "the enclave's attestation document")
    .requiredOption("--tls-certificate <file>", "its TLS certificate (PEM or DER)")
    .requiredOption("--signing-key <file>", "its RSA key (PEM or DER)")
    .option("--receipt <file...>", "receipts (JSON: inputHash, outputHash, timestamp, signature)")
    .option("--json", "print one JSON object")
    .option("--at <seconds>", "Unix time at which to verify (default: the document's own)", unixSeconds)
    .option("--root <file>", "the root certificate in DER (default: AWS's)")
    .addHelpText(
      "after",
      `${EXIT_CODES}  $ npm run opg -- attestation audit document.bin --tls-certificate tls.pem --signing-key key.pem --receipt receipt.json`,
    )
    .action((document: string, options: AuditOptions) => orUnreadable(() => audit(document, options)));
}
