import type { ReportWriter } from "./input.ts";

/** One JSON document (`validateSchema`); its `keys` are in the order in which they are told: nothing is held here. */
export function jsonWriter(): ReportWriter {
  let isFirst = true;
  return {
    transitions: 0,
    begin: ({ startedAt }) => `{\n  "schemaVersion": 1,\n  "checkedAt": ${JSON.stringify(startedAt)},\n  "keys": [`,
    key(report) {
      const comma = isFirst ? "" : ",";
      isFirst = false;
      return `${comma}\n    ${indented(report, "    ")}`;
    },
    end: ({ unlisted, coverage, summary }) =>
      [
        isFirst ? "]," : "\n  ],",
        `  "unlisted": ${indented(unlisted, "  ")},`,
        `  "coverage": ${indented(coverage, "  ")},`,
        `  "summary": ${indented(summary, "  ")}`,
        "}\n",
      ].join("\n"),
  };
}

function indented(value: unknown, by: string): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", `\n${by}`);
}
