import { z } from "zod";
import { CODES } from "../src/core/findings.ts";
import { policySchema } from "../src/io/policy-schema.ts";
import { DOCUMENTS } from "../src/report/schemas.ts";

/** `docs/codes.md`: the table of codes in the order of importance. */
export function codesPage(): string {
  const sections = CODES.map((entry) =>
    [
      `## \`${entry.code}\``,
      "",
      `**${entry.outcome}** at level ${entry.level ?? "of whatever could not be looked at"}; who can mend it: ${entry.who}.`,
      "",
      entry.means,
      "",
      `- Found by: ${entry.found}`,
      `- Fix: ${entry.fix}`,
    ].join("\n"),
  );
  return `${[
    "# Finding codes",
    "",
    "Made from `src/core/findings.ts` by `npm run docs`. Codes are stable: match on them, never on prose. The order is the",
    "order of importance: where several apply, the first one is the key's message.",
    "",
    sections.join("\n\n"),
  ].join("\n")}\n`;
}

/** `docs/json.md`: a JSON schema for each document that a command prints. */
export function jsonPage(): string {
  const sections = Object.entries(DOCUMENTS).map(([command, schema]) =>
    [`## ${command}`, "", "```json", JSON.stringify(z.toJSONSchema(schema, { reused: "ref" }), null, 2), "```"].join(
      "\n",
    ),
  );
  return `${[
    "# What `--output json` prints",
    "",
    "Made from `src/report/schemas.ts` by `npm run docs`. One document on stdout and nothing else, also on failure.",
    "Fields are null, never absent.",
    "",
    sections.join("\n\n"),
  ].join("\n")}\n`;
}

/** `policies/schema.json`, for editors. */
export function policyFileSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(policySchema), null, 2)}\n`;
}
