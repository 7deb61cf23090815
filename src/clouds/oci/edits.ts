import type { Edit } from "../../core/model.ts";
import { parseJson, textField, textsField } from "./json.ts";
import { type PolicyRecord, ROOT } from "./policies.ts";

/** One policy as it stands in an edit: what a reviewer sees, and all that is needed to write it. */
export interface PolicyText {
  /** Null for a policy that is still to be created. */
  readonly id: string | null;
  readonly name: string;
  readonly description: string;
  readonly statements: readonly string[];
}

/** An edit of one policy, `""` on the side where the policy is not there. */
export function editOf(before: PolicyRecord | null, after: PolicyText | null, summary: readonly string[]): Edit {
  const name = before?.name ?? after?.name ?? "";
  return {
    document: ROOT,
    title: `the policy "${name}" in the root compartment`,
    revision: before?.etag ?? "",
    before: before === null ? "" : printPolicy(before),
    after: after === null ? "" : printPolicy(after),
    summary,
  };
}

export function printPolicy({ id, name, description, statements }: PolicyText | PolicyRecord): string {
  const known = id === null || id === "" ? {} : { id };
  return JSON.stringify({ ...known, name, description, statements }, null, 2);
}

/** Reads one side of an edit; null for a policy that is not there. Throws for what `editOf` cannot have written. */
export function parsePolicyText(text: string): PolicyText | null {
  if (text === "") return null;
  const value = parseJson(text);
  const name = textField(value, "name");
  const statements = textsField(value, "statements");
  if (name === null || statements === null) throw new TypeError("an edit holds no policy");
  return { id: textField(value, "id"), name, description: textField(value, "description") ?? "", statements };
}
