import { readFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { Hono } from "hono";
import { etag } from "hono/etag";
import { secureHeaders } from "hono/secure-headers";
import { serveStatic } from "hono/serve-static";

/** What the page may do: run its own scripts, snarkjs's WebAssembly and workers, and ask this indexer and RPC nodes. */
const POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
  // snarkjs makes its workers from blobs.
  workerSrc: ["'self'", "blob:"],
  // Mantine and Recharts set sizes and colours on elements.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", "data:"],
  fontSrc: ["'self'"],
  // Evidence can be checked against any node of the reader's choice.
  connectSrc: ["'self'", "https:", "http://127.0.0.1:*", "http://localhost:*"],
  manifestSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Names of files that Vite makes from their content, in its folder for them. */
const HASHED = /^\/assets\/.+-[\w-]{8,}\.\w+$/;

const NO_DASHBOARD = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>OPG Settlement: indexer</title>
<h1>OPG Settlement: indexer</h1>
<p>The dashboard is not built. <code>npm run indexer</code> builds it; an indexer that was started otherwise serves the
folder that <code>OPG_DASHBOARD</code> names.</p>
<ul>
<li><a href="/graphql">GraphQL</a>
<li><a href="/openapi.json">REST, described by OpenAPI</a>
<li><a href="/status">How far the indexer is</a>
</ul>
</html>
`;

/**
 * Serves the built dashboard, or a page that says how to build it.
 *
 * @param folder Where `index.html` is; null if there is none.
 */
export function dashboard(folder: string | null): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: POLICY,
      xFrameOptions: "DENY",
      referrerPolicy: "no-referrer",
      // The address may be one without TLS, and what is on it otherwise is not ours to say.
      strictTransportSecurity: false,
    }),
  );
  if (folder === null) return app.get("/", (context) => context.html(NO_DASHBOARD));
  app.use(etag());
  app.use(async (context, next) => {
    await next();
    const immutable = context.res.status < 400 && HASHED.test(context.req.path);
    context.header("Cache-Control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
  });
  const root = resolve(folder);
  // Hono refuses paths with `..`, encoded or not; this says it again.
  const getContent = async (path: string) => (path.startsWith(root + sep) ? readFile(path).catch(() => null) : null);
  app.get("/", serveStatic({ path: "index.html", root, join, getContent }));
  app.get("/*", serveStatic({ root, join, getContent }));
  return app;
}
