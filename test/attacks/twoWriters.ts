import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectTo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { noteWriter, requireNoWriter } from "../../indexer/pglite.ts";
import { connect, lockSchema, watchLock } from "../../indexer/postgres.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";

/** Two indexers that write the same tables would make of them what neither has read. */
describe("attack: two writers of the same tables", () => {
  describe("in PostgreSQL", function () {
    this.timeout(120_000);
    let postgres: PostgresServer;
    let databaseUrl: string;
    before(async () => {
      postgres = await startPostgres();
      databaseUrl = await postgres.createDatabase();
    });
    after(() => postgres?.stop());

    /** A way to the database on which nothing passes any more from some moment on, and nobody is told. */
    const fallingSilent = async () => {
      const sockets: Socket[] = [];
      const { hostname, port } = new URL(databaseUrl);
      const server = createServer((client) => {
        const database = connectTo(Number(port), hostname);
        client.pipe(database).pipe(client);
        for (const socket of [client, database]) sockets.push(socket.on("error", () => {}));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const url = new URL(databaseUrl);
      url.port = String((server.address() as AddressInfo).port);
      return {
        url: url.href,
        fallSilent: () => {
          for (const socket of sockets) socket.unpipe().pause();
        },
        close: () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      };
    };

    it("one that the server hears no more of learns so, before the server gives its lock away", async () => {
      const way = await fallingSilent();
      const writer = await connect(way.url);
      await lockSchema(writer, "opg");
      const lost = new EventEmitter();
      let isLost = false;
      lost.once("lost", () => {
        isLost = true;
      });
      // Many beats pass on a connection that stands.
      watchLock(writer, () => lost.emit("lost"), 500);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect(isLost).to.equal(false);
      way.fallSilent();
      await once(lost, "lost");
      way.close();
    });

    it("one that is asked to drop the tables has the database to itself, and nobody begins meanwhile", async () => {
      const dropping = await connect(databaseUrl);
      const beginning = await connect(databaseUrl);
      await dropping.query("select pg_advisory_lock(hashtextextended('opg indexer: cache', 0))");
      const reason = await lockSchema(beginning, "opg_2").catch(String);
      expect(reason).to.contain("are just being dropped (--fresh)");
      await Promise.all([dropping.end(), beginning.end()]);
      const next = await connect(databaseUrl);
      await lockSchema(next, "opg_2");
      await next.end();
    });
  });

  describe("in a directory of PGlite", () => {
    const folder = mkdtempSync(join(tmpdir(), "opg-writers-"));
    const directory = join(folder, "tables");
    const file = `${directory}.pid`;
    const children: ChildProcess[] = [];
    const child = () => {
      const started = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      children.push(started);
      return started;
    };
    after(() => {
      for (const each of children) each.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    });

    it("two that start at once both find nobody there, and the second is ended before it begins", async () => {
      requireNoWriter(directory);
      requireNoWriter(directory);
      const [first, second] = [child(), child()];
      noteWriter(directory, first);
      const ended = once(second, "exit");
      expect(() => noteWriter(directory, second)).to.throw(`Process ${first.pid} writes the tables`);
      expect(await ended).to.deep.equal([null, "SIGKILL"]);
      expect(readFileSync(file, "utf8")).to.equal(String(first.pid));
      expect(() => requireNoWriter(directory)).to.throw(`Process ${first.pid} writes the tables`);
      first.kill("SIGKILL");
      await once(first, "exit");
      expect(existsSync(file)).to.equal(false);
    });

    it("what a killed one has left keeps nobody out, and a process of somebody else's is one that lives", () => {
      writeFileSync(file, String(2 ** 22 - 1));
      requireNoWriter(directory);
      expect(existsSync(file)).to.equal(false);
      writeFileSync(file, "7");
      const { kill } = process;
      process.kill = () => {
        throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
      };
      try {
        expect(() => requireNoWriter(directory)).to.throw("Process 7 writes the tables");
      } finally {
        process.kill = kill;
        rmSync(file);
      }
    });
  });
});
