import { AWS_BESIDE, AWS_NEEDS } from "../src/clouds/aws/permissions.ts";
import { GCP_IMPERSONATION, GCP_NEEDS } from "../src/clouds/gcp/permissions.ts";
import { OCI_BESIDE, OCI_NEEDS } from "../src/clouds/oci/permissions.ts";
import type { Job, PermissionNeed } from "../src/core/doctor.ts";

/** `docs/permissions.md`: tables and ready-made roles from what each cloud's calls need. */

export const AWS_KEY_PLACEHOLDER = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const EVERY_AWS_KEY = "arn:aws:kms:eu-west-1:111122223333:key/*";
const GCP_PROJECT = "my-project";
export const OCI_KEY_PLACEHOLDER = "<key OCID>";

/** Uses of a key: what of a role for `onboard` is left out where the round trip is not to be made. */
function isUse({ jobs }: PermissionNeed): boolean {
  return jobs.includes("roundtrip");
}

function permissionsFor(needs: readonly PermissionNeed[], job: Job): readonly PermissionNeed[] {
  return needs.filter(({ jobs }) => jobs.includes(job));
}

/** The IAM policy that a job needs. */
export function awsRole(job: Job): object {
  const needs = permissionsFor(AWS_NEEDS, job);
  const one = job === "onboard" || job === "revoke";
  const Resource = one ? AWS_KEY_PLACEHOLDER : EVERY_AWS_KEY;
  const name = `Keygrant${job.charAt(0).toUpperCase()}${job.slice(1)}`;
  const look = needs.filter((need) => !isUse(need)).map(({ permission }) => permission);
  const use = needs.filter(isUse).map(({ permission }) => permission);
  const Statement = [
    ...(look.length === 0 ? [] : [{ Sid: name, Effect: "Allow", Action: look, Resource }]),
    ...(use.length === 0
      ? []
      : [
          {
            Sid: look.length === 0 ? "KeygrantProbe" : `${name}RoundTrip`,
            Effect: "Allow",
            Action: use,
            Resource,
            Condition: { StringEquals: { "kms:EncryptionContext:keygrant": "probe" } },
          },
        ]),
  ];
  return { Version: "2012-10-17", Statement };
}

/** The permissions of the custom role for a job; the round trip has predefined roles. */
export function gcpRole(job: Job): readonly string[] {
  return permissionsFor(GCP_NEEDS, job)
    .filter((need) => job === "roundtrip" || !isUse(need))
    .map(({ permission }) => permission);
}

function gcpCommand(job: Job): string {
  const name = `keygrant${job.charAt(0).toUpperCase()}${job.slice(1)}`;
  return `gcloud iam roles create ${name} --project ${GCP_PROJECT} --title "keygrant ${job}" --permissions \\\n${gcpRole(job).join(",")}`;
}

/** The statements that let a group do a job. What a wider verb holds is not said twice. */
export function ociRole(job: Job, group: string): readonly string[] {
  const needs = permissionsFor(OCI_NEEDS, job).map(({ permission }) => permission);
  const wide = needs.filter((one) => one !== "inspect policies" || !needs.includes("manage policies"));
  const verbs = wide.filter((one) => one.includes(" "));
  const single = wide.filter((one) => !one.includes(" "));
  const braces = single.length === 0 ? [] : [`{${single.join(", ")}}`];
  return [
    ...verbs.map((what) => `allow group ${group} to ${what} in tenancy`),
    ...braces.map(
      (what) => `allow group ${group} to ${what} in tenancy where target.key.id = '${OCI_KEY_PLACEHOLDER}'`,
    ),
  ];
}

function table(first: string, needs: readonly PermissionNeed[]): string {
  const rows = needs.map(({ permission, calls, use, without, jobs }) => {
    const said = permission.startsWith("none") ? permission : `\`${permission}\``;
    const who = jobs.length === 0 ? "" : jobs.join(", ");
    return `| ${calls} | ${said} | ${who} | ${use} | ${without} |`;
  });
  return [`| call | ${first} | job | for | without it |`, "|---|---|---|---|---|", ...rows].join("\n");
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function ociBlock(job: Job, group: string): string {
  return fenced("", ociRole(job, group).join("\n"));
}

const BLOCKS: Readonly<Record<string, () => string>> = {
  "aws calls": () => table("permission", [...AWS_NEEDS, ...AWS_BESIDE]),
  "aws onboard": () => fenced("json", JSON.stringify(awsRole("onboard"), null, 2)),
  "aws validate": () => fenced("json", JSON.stringify(awsRole("validate"), null, 2)),
  "aws revoke": () => fenced("json", JSON.stringify(awsRole("revoke"), null, 2)),
  "aws roundtrip": () => fenced("json", JSON.stringify(awsRole("roundtrip"), null, 2)),
  "gcp calls": () => table("permission", [...GCP_NEEDS, GCP_IMPERSONATION]),
  "gcp onboard": () => fenced("sh", gcpCommand("onboard")),
  "gcp validate": () => fenced("sh", gcpCommand("validate")),
  "gcp revoke": () => fenced("sh", gcpCommand("revoke")),
  "oci calls": () => table("statement or permission", [...OCI_NEEDS, ...OCI_BESIDE]),
  "oci onboard": () => ociBlock("onboard", "KeygrantOnboard"),
  "oci validate": () => ociBlock("validate", "KeygrantValidate"),
  "oci revoke": () => ociBlock("revoke", "KeygrantRevoke"),
  "oci roundtrip": () => ociBlock("roundtrip", "KeygrantProbe"),
};

/** `docs/permissions.md` with each made part as the code has it now. Throws when a part has no place in the page. */
export function permissionsPage(page: string): string {
  return Object.entries(BLOCKS).reduce((text, [name, make]) => {
    const begin = `<!-- made by npm run docs: ${name} -->`;
    const [before, rest] = text.split(begin);
    const at = rest?.indexOf("<!-- end -->") ?? -1;
    if (before === undefined || rest === undefined || at < 0) {
      throw new Error(`docs/permissions.md has no "${begin}" … "<!-- end -->"`);
    }
    return `${before}${begin}\n${make()}\n${rest.slice(at)}`;
  }, page);
}
