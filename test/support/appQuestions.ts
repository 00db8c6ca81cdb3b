import { readFileSync } from "node:fs";

/** What stands under the question of apps with a number in docs/indexer.md, in a language. */
export function askedInDocs(number: number, language: "sh" | "sql" | "graphql" | "ts"): string {
  const docs = readFileSync("docs/indexer.md", "utf8");
  const [, section = ""] = docs.split("\n## Questions of apps\n");
  const question = section.split("\n## ")[0]?.split(/\n\*\*\d+\. /)[number] ?? "";
  const block = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(question)?.[1];
  if (block === undefined) throw new Error(`question ${number} has no ${language}`);
  return block;
}
