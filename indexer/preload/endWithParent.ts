/**
 * Loaded into the indexer's process before Ponder: ends it with the process that started it, even one that was killed.
 * Then the channel between the two breaks, and so do the pipes of the log, on which a shutdown in good order would hang.
 * The working directory is the temporary one that was made for this process.
 */
import { rmSync } from "node:fs";

process.once("disconnect", () => {
  rmSync(process.cwd(), { recursive: true, force: true });
  process.kill(process.pid, "SIGKILL");
});
