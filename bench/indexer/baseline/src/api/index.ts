import { Hono } from "hono";

/** Ponder's own endpoints only: /ready, /status, /metrics. */
const app = new Hono();

export default app;
