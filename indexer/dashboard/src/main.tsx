import "@mantine/core/styles.css";
import "@mantine/charts/styles.css";
import "./styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { followChain } from "./data/live.ts";
import { resolveVariables, theme } from "./theme.ts";

const queries = new QueryClient({
  defaultOptions: {
    // A new block says when an answer is old; see `followChain`.
    queries: { staleTime: 60_000, retry: 1, retryDelay: 1_000, networkMode: "always" },
  },
});
followChain(queries);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={resolveVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
