import { changeRequest } from "../../core/change-request.ts";
import type { CloudDialect, PolicyText } from "../../core/cloud.ts";
import { type KeygrantError, usageError } from "../../core/errors.ts";
import { interpolated } from "../../core/hcl.ts";
import { shellWord } from "../../core/shell.ts";
import { known, terraformFile } from "../../core/terraform.ts";
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
    print: {
      json: (text) => printStatements(text, form),
      document: (text) => printDocument(text, form),
      cli: (text) => printCommands(text, form),
      terraform: (text) => printTerraform(text, form),
      markdown: (text) =>
        changeRequest(text, {
          json: printStatements(text, form),
          commands: printCommands(text, form),
          into: "a policy in the root compartment of the tenancy; no other policy is touched",
          remarks: form.noExport ? [] : [EXPORT_REMARK],
        }),
    },
  };
}

const EXPORT_REMARK =
  "`use keys` also holds the permission to export: a key that is protected by software can be taken away under it. Use a key that is protected by an HSM, or print this with --no-export.";

function printStatements(text: PolicyText, form: GrantForm): string {
  return JSON.stringify({ statements: statementsFor(text, form, []) }, null, 2);
}

/** https://registry.terraform.io/providers/oracle/oci/latest/docs/resources/identity_policy */
function printTerraform(text: PolicyText, form: GrantForm): string {
  const { vendor } = text.grant.policy;
  const present = text.current === null ? [] : readPresent(text.current, vendor).statements;
  const type = "oci_identity_policy";
  const tenancy = { name: "tenancy_ocid", description: "The OCID of the tenancy, whose root compartment it is" };
  const name = policyName(vendor, 1);
  return terraformFile(text, {
    key: KEY_VARIABLE,
    others: [tenancy, COMPARTMENT],
    grant: `${type}.vendor`,
    blocks: [
      {
        head: ["resource", type, "vendor"],
        arguments: {
          compartment_id: known(text.key?.owner, tenancy),
          name,
          description: policyDescription(vendor),
          statements: statementsFor(text, form, present).map((one) =>
            interpolated(one, { [KEY_PLACEHOLDER]: KEY_VARIABLE.name, [COMPARTMENT_PLACEHOLDER]: COMPARTMENT.name }),
          ),
        },
      },
    ],
    remarks: [
      `Owns the policy "${name}" as a whole: what does not stand here is gone once it is applied.`,
      "It has an effect only while the vendor's tenancy endorses its group for this tenancy, which nobody here can see.",
    ],
  });
}

const KEY_VARIABLE = { name: "key_ocid", description: "The OCID of the key" } as const;
const COMPARTMENT = { name: "compartment_ocid", description: "The OCID of the compartment of the keys" } as const;

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
  const list = `oci iam policy list --compartment-id ${compartment} --name ${name} --all`;
  return [
    ...head,
    "# In the root compartment, and so with the OCID of the tenancy; in the tenancy's home region.",
    "# 1. Whether keygrant's policy is there already. It may hold other keys: it is added to, never replaced.",
    `${list} > policy.before.json`,
    "# 2. Creates it where it is not. Where it is, prints the command that adds to it, for you to look at.",
    "if grep -q statements policy.before.json; then",
    `  keygrant policy${wordsOf(text, form)} --format cli --current policy.before.json`,
    "else",
    `  oci iam policy create --compartment-id ${compartment} --name ${name} --description ${description} --statements ${json}`,
    "fi",
    "# 3. Look at what is there now.",
    list,
  ].join("\n");
}

/** The words that have keygrant print the same grant again. */
function wordsOf({ grant, key }: PolicyText, form: GrantForm): string {
  const words = [
    ...(key === null ? ["--cloud", "oci"] : [key.id]),
    ...["--vendor", grant.policy.vendor, "--scope", form.scope, ...(form.noExport ? ["--no-export"] : [])],
    ...grant.accessors.flatMap(({ fields }) => Object.entries(fields).flatMap((one) => ["--accessor", one.join("=")])),
  ];
  return words.map((word) => ` ${shellWord(word)}`).join("");
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
