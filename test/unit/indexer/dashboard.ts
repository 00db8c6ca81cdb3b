import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { expect } from "chai";
import type { Hono } from "hono";
import { dashboard } from "../../../indexer/src/api/dashboard.ts";

const PAGE = "<!doctype html><title>dashboard</title>";
const SECRET = "not for the world";

describe("serving the dashboard", () => {
  let parent: string;
  let app: Hono;

  before(() => {
    parent = mkdtempSync(join(tmpdir(), "opg-dashboard-"));
    const folder = join(parent, "dist");
    mkdirSync(join(folder, "assets"), { recursive: true });
    writeFileSync(join(parent, "secret.txt"), SECRET);
    mkdirSync(join(parent, "dist-other"));
    writeFileSync(join(parent, "dist-other", "secret.txt"), SECRET);
    writeFileSync(join(folder, "index.html"), PAGE);
    writeFileSync(join(folder, "theme.js"), "scheme()");
    writeFileSync(join(folder, "assets", "index-B1x_9-Zq.js"), "run()");
    writeFileSync(join(folder, "assets", "proof-Ab12Cd34.wasm"), new Uint8Array([0, 97, 115, 109]));
    app = dashboard(folder);
  });
  after(() => rmSync(parent, { recursive: true }));

  it("gives the page at /, to be asked for again each time", async () => {
    const response = await app.request("/");
    expect(await response.text()).to.equal(PAGE);
    expect(response.headers.get("content-type")).to.match(/^text\/html/);
    expect(response.headers.get("cache-control")).to.equal("no-cache");
    const again = await app.request("/", { headers: { "if-none-match": response.headers.get("etag") ?? "" } });
    expect(again.status).to.equal(304);
  });

  it("lets files with a hash in their name be kept for ever, and no others", async () => {
    const kept = async (path: string) => (await app.request(path)).headers.get("cache-control");
    expect(await kept("/assets/index-B1x_9-Zq.js")).to.equal("public, max-age=31536000, immutable");
    expect(await kept("/theme.js")).to.equal("no-cache");
    expect(await kept("/assets/absent-B1x_9-Zq.js"), "absent").to.equal("no-cache");
  });

  it("says what each file is, and lets no browser guess", async () => {
    for (const [path, type] of [
      ["/theme.js", "text/javascript"],
      ["/assets/proof-Ab12Cd34.wasm", "application/wasm"],
    ] as const) {
      const { headers } = await app.request(path);
      expect(headers.get("content-type")).to.contain(type);
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
    }
  });

  it("lets the page run its own scripts, WebAssembly and workers, and ask RPC nodes, in no frame", async () => {
    const { headers } = await app.request("/");
    const policy = new Map(
      headers
        .get("content-security-policy")
        ?.split("; ")
        .map((rule) => [rule.slice(0, rule.indexOf(" ")), rule.slice(rule.indexOf(" ") + 1)]),
    );
    expect(policy.get("default-src")).to.equal("'none'");
    expect(policy.get("script-src")).to.equal("'self' 'wasm-unsafe-eval'");
    expect(policy.get("worker-src")).to.equal("'self' blob:");
    expect(policy.get("connect-src")).to.equal("'self' https: http://127.0.0.1:* http://localhost:*");
    expect(policy.get("frame-ancestors")).to.equal("'none'");
    expect(headers.get("referrer-policy")).to.equal("no-referrer");
    expect(headers.get("x-frame-options")).to.equal("DENY");
  });

  it("answers 404 where there is no file", async () => {
    for (const path of ["/nothing.js", "/assets", "/assets/"]) {
      expect((await app.request(path)).status, path).to.equal(404);
    }
  });

  it("gives nothing from outside its folder, however a client writes the path", async () => {
    // Over a socket: fetch would tidy the path before it sends it.
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    const port = await new Promise<number>((listening) => {
      server.once("listening", () => listening((server.address() as { port: number }).port));
    });
    const ask = (path: string) =>
      new Promise<string>((answered, failed) => {
        const socket = connect(port, "127.0.0.1", () => {
          socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
        });
        let answer = "";
        socket.setEncoding("utf8").on("data", (part: string) => {
          answer += part;
        });
        socket.once("end", () => answered(answer)).once("error", failed);
      });
    try {
      expect(await ask("/theme.js")).to.contain("scheme()");
      for (const path of [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/%252e%252e/secret.txt",
        "/../dist-other/secret.txt",
        "//secret.txt",
        "/assets/%00/../../secret.txt",
        `/${encodeURIComponent(join(parent, "secret.txt"))}`,
      ]) {
        expect(await ask(path), path).to.not.contain(SECRET);
      }
    } finally {
      server.close();
    }
  });

  it("says how to get a dashboard where there is none", async () => {
    const response = await dashboard(null).request("/");
    expect(response.status).to.equal(200);
    expect(await response.text()).to.contain("npm run indexer");
  });
});
