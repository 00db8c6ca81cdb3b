import { parseSettings } from "./environment.ts";

/** This process's settings. */
export const settings = parseSettings(process.env);
