import type { PolicyText } from "../../core/cloud.ts";
import { usageError } from "../../core/errors.ts";
import { type Block, reference, type Value } from "../../core/hcl.ts";
import { known, terraformFile } from "../../core/terraform.ts";
import { isRecord, list, type Statement } from "./statement.ts";
import { grantStatements } from "./template.ts";

const KEY = { name: "key_arn", description: "The ARN of the KMS key" } as const;

/**
 * The key policy as Terraform writes it. `aws_kms_key_policy` replaces the whole document
 * (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key_policy), so what stands in it
 * today comes along: from `--current`, or else the one statement that keeps the account in charge.
 */
export function printTerraform(text: PolicyText): string {
  const { grant, kind, key, current } = text;
  const ours = grantStatements(grant, kind).map(statementBlock);
  const policy: Block = {
    head: ["data", "aws_iam_policy_document", "key"],
    arguments: current === null ? {} : { source_policy_documents: [compact(current)] },
    blocks: current === null ? [rootBlock(text), ...ours] : ours,
  };
  const write: Block = {
    head: ["resource", "aws_kms_key_policy", "key"],
    arguments: { key_id: known(key?.id, KEY), policy: reference("data.aws_iam_policy_document.key.json") },
  };
  const rest =
    current === null
      ? "Add the other statements of the key's present policy below, or print this with --current <file>."
      : "The present policy, as it was given with --current, comes along as it is.";
  return terraformFile(text, {
    key: KEY,
    grant: "aws_kms_key_policy.key",
    blocks: [policy, write],
    remarks: [
      `aws_kms_key_policy owns the whole key policy: what does not stand here is gone once it is applied. ${rest}`,
      "Where another module owns the policy (aws_kms_key with its own policy), add the vendor's statement there instead.",
    ],
  });
}

/** The statement that every key policy begins with: without it the policy may never be changed again. */
function rootBlock({ key }: PolicyText): Block {
  const [, partition = "aws"] = key?.id.split(":") ?? [];
  const account = key?.owner ?? null;
  const root: Value =
    account === null
      ? // biome-ignore lint/suspicious/noTemplateCurlyInString: it is Terraform's to fill in.
        [reference('"arn:${split(":", var.key_arn)[1]}:iam::${split(":", var.key_arn)[4]}:root"')]
      : [`arn:${partition}:iam::${account}:root`];
  return {
    head: ["statement"],
    about: ["Keeps the account in charge of its key. Without it, nobody may be able to change the policy again."],
    arguments: { sid: "Enable IAM User Permissions", effect: "Allow", actions: ["kms:*"], resources: ["*"] },
    blocks: [{ head: ["principals"], arguments: { type: "AWS", identifiers: root } }],
  };
}

const RENDERED: ReadonlySet<string> = new Set(["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]);

function statementBlock(statement: Statement): Block {
  const stray = Object.keys(statement).find((name) => !RENDERED.has(name));
  if (stray !== undefined) {
    throw usageError(
      "usage.policy-template",
      `The vendor's template has ${stray.slice(0, 60)} in a statement, which keygrant cannot write as Terraform.`,
      "Use --format json or document.",
    );
  }
  const principals = isRecord(statement.Principal) ? Object.entries(statement.Principal) : [];
  return {
    head: ["statement"],
    arguments: {
      ...(typeof statement.Sid === "string" ? { sid: statement.Sid } : {}),
      effect: "Allow",
      actions: list(statement.Action),
      resources: list(statement.Resource),
    },
    blocks: [
      ...principals.map(([type, names]) => ({ head: ["principals"], arguments: { type, identifiers: list(names) } })),
      ...conditions(statement.Condition),
    ],
  };
}

function conditions(condition: unknown): readonly Block[] {
  if (!isRecord(condition)) return [];
  return Object.entries(condition).flatMap(([test, keys]) =>
    Object.entries(isRecord(keys) ? keys : {}).map(([variable, values]) => ({
      head: ["condition"],
      arguments: { test, variable, values: texts(values) },
    })),
  );
}

function texts(value: unknown): readonly string[] {
  return [value].flat().map(String);
}

/** JSON on one line; what is none is refused where the document is read. */
function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw usageError(
      "usage.current",
      "What was given with --current is no JSON.",
      "Pass the present policy as the cloud gives it: the whole document, as JSON.",
      error,
    );
  }
}
