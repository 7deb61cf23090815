import type { CloudDialect, PolicyText } from "../../core/cloud.ts";
import { type KeygrantError, usageError } from "../../core/errors.ts";
import { shellWord } from "../../core/shell.ts";
import { checkAccessor } from "./accessor.ts";
import { addEntry } from "./document.ts";
import { entryOf, withoutExport } from "./entry.ts";
import { field, parseJson, textField, textsField } from "./json.ts";
import { type GrantForm, namesOf, policyDescription, policyName } from "./plan.ts";
import { wantedStatements } from "./template.ts";

/** What can be said about OCI grants without asking OCI, in the default form. */
export const ociDialect: CloudDialect = createOciDialect({ scope: "key", noExport: false });

/** The same for another form: `--scope`, `--no-export`. */
export function createOciDialect(form: GrantForm): CloudDialect {
  return {
    id: "oci",
    checkAccessor,
    print(text) {
      switch (text.format) {
        case "json":
          return JSON.stringify({ statements: statementsFor(text, form, []) }, null, 2);
        case "document":
          return printDocument(text, form);
        case "cli":
          return printCommands(text, form);
      }
    },
  };
}

const KEY_PLACEHOLDER = "<KEY OCID>";
const COMPARTMENT_PLACEHOLDER = "<COMPARTMENT OCID>";
const TENANCY_PLACEHOLDER = "<TENANCY OCID>";

/** The statements of a policy with the grant among them. */
function statementsFor(
  { grant, kind, key }: PolicyText,
  form: GrantForm,
  present: readonly string[],
): readonly string[] {
  const target = { key: key?.id ?? KEY_PLACEHOLDER, compartment: COMPARTMENT_PLACEHOLDER };
  return grant.accessors.reduce<readonly string[]>((statements, accessor) => {
    const wanted = wantedStatements(accessor, kind, form.scope, target);
    const entry = form.noExport ? withoutExport(entryOf(wanted)) : entryOf(wanted);
    const change = addEntry(statements, entry, namesOf(wanted));
    if (change !== "full") return change?.statements ?? statements;
    throw usageError(
      "usage.policy-full",
      "The present policy has no room for another statement.",
      "Print the grant without --current, and apply it as a policy of its own under another name.",
    );
  }, present);
}

/** The policy as `oci iam policy create --from-json` takes it, or the present one with the grant in it. */
function printDocument(text: PolicyText, form: GrantForm): string {
  const vendor = text.grant.policy.vendor;
  const present = text.current === null ? null : readPresent(text.current, vendor);
  const statements = statementsFor(text, form, present?.statements ?? []);
  const document =
    present?.id == null
      ? {
          compartmentId: text.key?.owner ?? TENANCY_PLACEHOLDER,
          name: policyName(vendor, 1),
          description: policyDescription(vendor),
          statements,
        }
      : {
          policyId: present.id,
          ...(present.etag === null ? {} : { ifMatch: present.etag }),
          statements,
          versionDate: "",
        };
  return JSON.stringify(document, null, 2);
}

/** Commands to paste (https://docs.oracle.com/en-us/iaas/tools/oci-cli/latest/oci_cli_docs/cmdref/iam/policy.html). */
function printCommands(text: PolicyText, form: GrantForm): string {
  const { vendor, source } = text.grant.policy;
  const present = text.current === null ? null : readPresent(text.current, vendor);
  const statements = statementsFor(text, form, present?.statements ?? []);
  const json = shellWord(JSON.stringify(statements));
  const head = [
    `# Lets ${vendor} use an OCI Vault key, as of ${source.checked}:`,
    `# ${source.page}`,
    "# It has an effect only while the vendor's tenancy endorses its group for this tenancy, which nobody here can see.",
  ];
  if (present?.id != null) {
    if (statements.join("\n") === present.statements.join("\n"))
      return [...head, "# It is in the policy already."].join("\n");
    const match = present.etag === null ? "" : ` --if-match ${shellWord(present.etag)}`;
    return [
      ...head,
      "# This replaces all statements of the policy: make sure that nobody changed it since you read it.",
      `oci iam policy update --policy-id ${shellWord(present.id)}${match} --version-date '' --statements ${json}`,
    ].join("\n");
  }
  const compartment = shellWord(text.key?.owner ?? TENANCY_PLACEHOLDER);
  const name = shellWord(policyName(vendor, 1));
  const description = shellWord(policyDescription(vendor));
  return [
    ...head,
    "# In the root compartment, and so with the OCID of the tenancy; in the tenancy's home region.",
    `oci iam policy create --compartment-id ${compartment} --name ${name} --description ${description} --statements ${json}`,
  ].join("\n");
}

interface Present {
  /** Null when keygrant's policy is not among those that were given. */
  readonly id: string | null;
  readonly etag: string | null;
  readonly statements: readonly string[];
}

/**
 * The present policy from what people have at hand: a policy as the API or `oci iam policy get` gives it, a list of
 * them (`oci iam policy list`, or the policies as keygrant reads them), or a bare list of statements.
 */
function readPresent(text: string, vendor: string): Present {
  const value = parseJson(text);
  if (value === undefined) throw unreadable();
  if (Array.isArray(value) && value.every((one) => typeof one === "string"))
    return { id: null, etag: null, statements: value };
  const data = field(value, "data") ?? value;
  const list = field(data, "policies") ?? data;
  if (!Array.isArray(list)) return readOne(list, textField(value, "etag"));
  if (list.some((one) => textsField(one, "statements") === null)) throw unreadable();
  const ours = list.find((one) => textField(one, "name") === policyName(vendor, 1));
  return ours === undefined ? { id: null, etag: null, statements: [] } : readOne(ours, null);
}

function readOne(value: unknown, etag: string | null): Present {
  const statements = textsField(value, "statements");
  if (statements === null) throw unreadable();
  return { id: textField(value, "id"), etag: etag ?? textField(value, "etag"), statements };
}

function unreadable(): KeygrantError {
  return usageError(
    "usage.current",
    "What was given as the present policy is no OCI policy.",
    "Pass what `oci iam policy get --policy-id <OCID>` prints, or have it read with --current live.",
  );
}
