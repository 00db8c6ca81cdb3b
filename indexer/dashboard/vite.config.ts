import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `vite dev` sends what only the indexer answers. */
const indexer = process.env.OPG_INDEXER ?? "http://127.0.0.1:42069";
const answered = [
  "/graphql",
  "/sql",
  "/status",
  "/ready",
  "/supply",
  "/metrics",
  "/finality",
  "/inferences",
  "/batches",
  "/nodes",
  "/tokens",
  "/openapi.json",
];

export default defineConfig({
  plugins: [react()],
  server: { proxy: Object.fromEntries(answered.map((path) => [path, indexer])) },
  build: { target: "es2023", reportCompressedSize: false, chunkSizeWarningLimit: 1_500 },
});
