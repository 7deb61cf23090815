import { changeRequest } from "../../core/change-request.ts";
import type { CloudDialect, PolicyText } from "../../core/cloud.ts";
import { usageError } from "../../core/errors.ts";
import { shellWord } from "../../core/shell.ts";
import { checkAccessor } from "./accessor.ts";
import { addGrant } from "./document.ts";
import { splitKeyName } from "./key.ts";
import { type WantedBinding, wantedBinding } from "./template.ts";
import { printTerraform } from "./terraform.ts";

/** What can be said about grants in Google Cloud without asking Google. */
export const gcpDialect: CloudDialect = {
  id: "gcp",
  checkAccessor,
  print: {
    json: printBindings,
    document: printDocument,
    cli: printCommands,
    terraform: (text) => printTerraform(text, bindingsOf(text)),
    markdown: (text) =>
      changeRequest(text, {
        json: printBindings(text),
        commands: printCommands(text),
        into: "a binding of the key's own IAM policy; every other binding and condition stays as it is",
        remarks: ["Membership of a group can take hours to be seen everywhere."],
      }),
  },
};

function bindingsOf({ grant, kind }: PolicyText): readonly WantedBinding[] {
  return grant.accessors.map((accessor) => wantedBinding(accessor, kind));
}

/** The bare binding: `{"role", "members"}`. */
function printBindings(text: PolicyText): string {
  const byRole = Map.groupBy(bindingsOf(text), (one) => one.role);
  const bindings = [...byRole].map(([role, wanted]) => ({
    role,
    members: [...new Set(wanted.map((one) => one.member))],
  }));
  return JSON.stringify(bindings.length === 1 ? bindings[0] : bindings, null, 2);
}

/** The whole policy with the grant in it: `setIamPolicy` replaces every binding, so none may be left out. */
function printDocument({ grant, kind, current }: PolicyText): string {
  if (current === null) {
    throw usageError(
      "usage.current",
      "An IAM policy is written as a whole, so the present one is needed to add to.",
      "Pass it with --current <file>, on standard input with --current -, or have it read with --current live.",
    );
  }
  return addGrant(current, grant, kind)?.text ?? current.trimEnd();
}

const PLACEHOLDER = { cryptoKey: "<KEY>", location: "<LOCATION>", keyRing: "<KEY RING>", project: "<PROJECT>" };

/**
 * The commands of the vendor's page, which is Google's own way to add to a policy without replacing it
 * (https://cloud.google.com/sdk/gcloud/reference/kms/keys/add-iam-policy-binding).
 */
function printCommands(text: PolicyText): string {
  const { grant, key } = text;
  const name = (key === null ? null : splitKeyName(key.id)) ?? PLACEHOLDER;
  const about = [
    shellWord(name.cryptoKey),
    `--location ${shellWord(name.location)}`,
    `--keyring ${shellWord(name.keyRing)}`,
    `--project ${shellWord(name.project)}`,
  ].join(" ");
  return [
    `# Grants ${grant.policy.vendor} access to a Google Cloud KMS key, as of ${grant.policy.source.checked}:`,
    `# ${grant.policy.source.page}`,
    "# 1. The key's IAM policy as it is now. Keep this file: it is your way back.",
    `gcloud kms keys get-iam-policy ${about} --format json > key-policy.before.json`,
    "# 2. Adds the vendor's group. Everything else stays as it is, conditions too.",
    ...bindingsOf(text).map(
      ({ role, member }) =>
        `gcloud kms keys add-iam-policy-binding ${about} --member ${shellWord(member)} --role ${shellWord(role)}`,
    ),
    "# 3. Look at what has changed.",
    `gcloud kms keys get-iam-policy ${about} --format json | diff key-policy.before.json -`,
  ].join("\n");
}
