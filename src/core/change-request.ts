import type { PolicyText } from "./cloud.ts";
import { describe } from "./describe.ts";
import { codeBlock, markdownText } from "./markdown.ts";
import { shellWord } from "./shell.ts";

/** What differs from cloud to cloud in a change request. */
export interface ChangeRequestParts {
  /** What is granted, as the cloud takes it. */
  readonly json: string;
  /** Commands to paste. */
  readonly commands: string;
  /** Which document it goes into: "the key policy". */
  readonly into: string;
  /** What a reviewer should know of the form, a sentence each. */
  readonly remarks: readonly string[];
}

/** `--format markdown`: what is asked for, to whom, why, where that stands, and how it is taken back. */
export function changeRequest({ grant, kind, key }: PolicyText, parts: ChangeRequestParts): string {
  const { vendor, cloud, source } = grant.policy;
  const rows = [
    ["Key", key === null ? `any ${kind.name} key on ${cloud}` : key.id],
    ["Who gets access", grant.accessors.map(describe).join("; ")],
    ["To do what", kind.actions.join(", ")],
    ["Why", `${vendor} encrypts and decrypts with this key what it stores for us (customer-managed key).`],
    ["Where it stands", parts.into],
  ] as const;
  return [
    `# Access to a customer-managed key for ${markdownText(vendor)}`,
    "",
    "| | |",
    "|---|---|",
    ...rows.map(([name, value]) => `| ${name} | ${markdownText(value)} |`),
    `| Source | <${source.page}>, as of ${source.checked} |`,
    "",
    "## What is granted",
    "",
    codeBlock("json", parts.json),
    "",
    ...parts.remarks.flatMap((remark) => [markdownText(remark), ""]),
    "## How it is done",
    "",
    codeBlock("sh", parts.commands),
    "",
    `Or in one step, with a diff before and proof after: \`keygrant onboard\`${key === null ? "" : " with this key"}.`,
    "",
    "## How it is taken back",
    "",
    codeBlock("sh", `keygrant revoke ${shellWord(key?.id ?? "<KEY>")}`),
    "",
    "Not before every service has moved to another key and the last backup of its time has expired: what was encrypted",
    "under this key can be read only as long as the vendor may use it.",
  ].join("\n");
}
