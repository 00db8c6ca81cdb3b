import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { getBytes, JsonRpcProvider } from "ethers";
import { withCurve } from "../../circuits/src/curve.ts";
import { AWS_NITRO_ROOT } from "../../sdk/src/attestation/awsRoot.ts";
import { type LeafSet, parseLeafSet } from "../../sdk/src/batch/leafSet.ts";
import { OpgError } from "../../sdk/src/errors/OpgError.ts";
import { printable } from "../../sdk/src/verify/printable.ts";
import { Refuted, Unreadable } from "../../sdk/src/verify/refuted.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { chainIdOf, deploymentFor } from "../cli/context.ts";
import { readInputFile, readJsonFile, understood } from "../cli/files.ts";
import { InputError } from "../cli/InputError.ts";
import { type Archive, compared, type Reads, recorded, replayed, rpcArchive } from "./archive.ts";
import { Auditor, type AuditReport } from "./audit.ts";
import { caveatLines, reportJson, reportText, tally, tallyText } from "./text.ts";
import { VERDICTS, Verdict, worse } from "./verdict.ts";

/** The options of `opg audit`. */
export interface AuditCommandOptions {
  readonly rpc: readonly string[];
  readonly deployment?: string;
  readonly root?: string;
  readonly archive?: string;
  readonly save?: string;
  readonly trustHeaders?: true;
  readonly json?: true;
  readonly all?: true;
  readonly batch?: string;
  readonly from?: number;
  readonly to?: number;
}

/** Runs `opg audit` and prints what it finds. @returns the exit code. */
export async function runAudit(requestId: string | undefined, options: AuditCommandOptions): Promise<number> {
  const providers: JsonRpcProvider[] = [];
  try {
    const asked = [requestId, options.all, options.batch].filter((one) => one !== undefined);
    if (asked.length !== 1) throw new InputError("name one request, or give --all or --batch");
    const set = options.batch === undefined ? undefined : readLeafSet(options.batch);
    const reads: Reads = {};
    const source = await openArchive(options, providers);
    const archive = options.save === undefined ? source : recorded(source, reads);
    const deployment = deploymentFor(await archive.chainId(), options);
    const root = options.root === undefined ? getBytes(AWS_NITRO_ROOT) : readRoot(options.root);
    const auditor = new Auditor(archive, deployment, { root, trustHeaders: options.trustHeaders ?? false });
    let verdict: Verdict;
    if (set !== undefined) verdict = show(await auditor.auditBatch(set), options);
    else if (requestId !== undefined) verdict = show(await auditor.audit(requestId), options);
    else verdict = await withCurve(() => auditAll(auditor, options)); // The curve is kept from one audit to the next.
    if (options.save !== undefined) writeFileSync(options.save, toJson(reads));
    return verdict;
  } catch (error) {
    const known = [InputError, OpgError, Refuted, Unreadable].some((kind) => error instanceof kind);
    if (!known) throw error;
    console.error(`opg: ${printable(error instanceof Error ? error.message : String(error))}`);
    return error instanceof Refuted ? Verdict.DOES_NOT_HOLD : Verdict.CANNOT_BE_READ;
  } finally {
    for (const provider of providers) provider.destroy();
  }
}

function show(report: AuditReport, { json }: AuditCommandOptions): Verdict {
  console.log(json ? toJson(reportJson(report), 2) : reportText(report));
  return report.verdict;
}

/** Audits every request of a range, a line for each. @returns the worst verdict on what was settled. */
async function auditAll(auditor: Auditor, { json, from, to }: AuditCommandOptions) {
  const requests = await auditor.requests(from, to);
  const reports: AuditReport[] = [];
  for (const [index, { requestId, block }] of requests.entries()) {
    const report = await auditor.audit(requestId, block);
    reports.push(report);
    const verdict = report.unproven ? "not settled" : VERDICTS[report.verdict];
    const line = `${index + 1}/${requests.length}  ${requestId}  ${verdict}${report.verdict === Verdict.HOLDS ? "" : `: ${report.summary}`}`;
    if (json) console.error(line);
    else console.log(line);
  }
  const found = tally(reports);
  if (json) console.log(toJson({ ...found, reports: reports.map(reportJson) }, 2));
  else console.log([tallyText(found), ...caveatLines(reports)].join("\n"));
  return reports
    .map(({ unproven, verdict }) => (unproven && verdict === Verdict.CANNOT_BE_READ ? Verdict.HOLDS : verdict))
    .reduce<Verdict>(worse, Verdict.HOLDS);
}

/** The archive that the options name: a file, or one or two RPC nodes. */
async function openArchive({ rpc, archive }: AuditCommandOptions, providers: JsonRpcProvider[]): Promise<Archive> {
  if (archive !== undefined) {
    if (rpc.length > 0) throw new InputError("--archive needs no --rpc");
    return replayed(readArchive(archive));
  }
  const [first, second, ...more] = await Promise.all(
    rpc.map(async (url) => {
      const host = understood(url, () => new URL(url).host); // The rest may be a secret.
      const provider = new JsonRpcProvider(url, await chainIdOf(url, host), { staticNetwork: true });
      providers.push(provider);
      return rpcArchive(provider);
    }),
  );
  if (first === undefined || more.length > 0) throw new InputError("give one --rpc, or two to compare, or --archive");
  return second === undefined ? first : compared(first, second);
}

function readArchive(path: string): Reads {
  const reads = readJsonFile(path);
  if (typeof reads !== "object" || reads === null) throw new InputError(`${path} is no archive`);
  return { ...reads };
}

const readLeafSet = (path: string): LeafSet => understood(path, () => parseLeafSet(readJsonFile(path)));

/** A root certificate, in PEM or DER. */
const readRoot = (path: string): Uint8Array =>
  understood(path, () => new Uint8Array(new X509Certificate(readInputFile(path)).raw));
