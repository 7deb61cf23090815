import { changeRequest } from "../../core/change-request.ts";
import type { CloudDialect, PolicyText } from "../../core/cloud.ts";
import { usageError } from "../../core/errors.ts";
import { shellWord } from "../../core/shell.ts";
import { checkAccessor } from "./accessor.ts";
import { printCloudFormation } from "./cloudformation.ts";
import { addGrant } from "./document.ts";
import { isKeyArn } from "./key.ts";
import { grantStatements } from "./template.ts";
import { printTerraform } from "./terraform.ts";

/** What can be said about AWS grants without asking AWS. */
export const awsDialect: CloudDialect = {
  id: "aws",
  checkAccessor,
  print: {
    json: printStatements,
    document: printDocument,
    cli: printCommands,
    terraform: printTerraform,
    cloudformation: printCloudFormation,
    markdown: (text) =>
      changeRequest(text, {
        json: printStatements(text),
        commands: printCommands(text),
        into: "a statement of the key's own key policy; every other statement stays as it is",
        remarks: [],
      }),
  },
};

/** The bare statement, as the vendor's page shows it. */
function printStatements({ grant, kind }: PolicyText): string {
  const statements = grantStatements(grant, kind);
  return JSON.stringify(statements.length === 1 ? statements[0] : statements, null, 2);
}

/** The whole key policy with the grant in it: `PutKeyPolicy` replaces everything, so nothing may be left out. */
function printDocument({ grant, kind, key, current }: PolicyText): string {
  if (current === null) {
    throw usageError(
      "usage.current",
      "A key policy is written as a whole, so the present one is needed to add to.",
      "Pass it with --current <file>, on standard input with --current -, or have it read with --current live.",
    );
  }
  return addGrant(current, grant, kind, { key })?.text ?? current.trimEnd();
}

const KEY_PLACEHOLDER = "<KEY ARN>";

/**
 * Commands to paste, in the order of the vendor's page: read the policy, add to it, look, write it back
 * (https://docs.aws.amazon.com/cli/latest/reference/kms/put-key-policy.html).
 */
function printCommands({ grant, key }: PolicyText): string {
  const arn = key === null || !isKeyArn(key) ? (key?.id ?? KEY_PLACEHOLDER) : key.id;
  const keyId = shellWord(arn);
  const region = key?.region ? ` --region ${shellWord(key.region)}` : "";
  const accessors = grant.accessors
    .flatMap((accessor) => Object.entries(accessor.fields))
    .map(([name, value]) => ` --accessor ${shellWord(`${name}=${value}`)}`)
    .join("");
  const vendor = shellWord(grant.policy.vendor);
  return [
    `# Grants ${grant.policy.vendor} access to an AWS KMS key, as of ${grant.policy.source.checked}:`,
    `# ${grant.policy.source.page}`,
    "# 1. The key policy as it is now. Keep this file: it is your way back.",
    `aws kms get-key-policy --key-id ${keyId}${region} --policy-name default --query Policy --output text > key-policy.before.json`,
    "# 2. The same policy with the grant added. Everything else stays as it is; no cloud is called.",
    `keygrant policy ${keyId} --cloud aws${region} --vendor ${vendor}${accessors} --format document --current key-policy.before.json > key-policy.json`,
    "# 3. Look at what will change.",
    "diff key-policy.before.json key-policy.json",
    "# 4. Write it. This replaces the whole policy: make sure that nobody changed it since step 1.",
    `aws kms put-key-policy --key-id ${keyId}${region} --policy-name default --policy file://key-policy.json`,
  ].join("\n");
}
