import { createHash } from "node:crypto";
import { authorize, type Call, can, field, keyOf, onlyFields, optionalText, ringOf } from "./call.ts";
import { badField, GoogleError, invalid } from "./errors.ts";
import { acceptBindings, withoutConditions } from "./members.ts";
import { parseName } from "./names.ts";
import { findProject, flappingPolicy, type PolicyView, replacePolicy, type StoredPolicy } from "./world.ts";

const POLICY_FIELDS = ["version", "bindings", "auditConfigs", "etag"];
const VERSIONS_PAGE = "For more information, please refer to https://cloud.google.com/iam/docs/policies#versions.";

export function getIamPolicy(call: Call): object {
  authorize(call, `${permissionsOf(call)}.getIamPolicy`);
  const wanted = requestedVersion(call);
  const view = flappingPolicy(policyOf(call), call.now, call.context.knobs.propagationMs);
  return shown(view, wanted);
}

/** https://cloud.google.com/kms/docs/reference/rest/v1/Policy, for `etag`, `version` and what happens without them. */
export function setIamPolicy(call: Call): object {
  authorize(call, `${permissionsOf(call)}.setIamPolicy`);
  onlyFields(call.body, ["policy", "updateMask"]);
  const given = field(call.body, "policy");
  if (!isObject(given)) throw badField("policy", "The policy is required.");
  onlyFields(given, POLICY_FIELDS, "policy");
  const stored = policyOf(call);
  const etag = etagOf(given);
  const version = versionNumber(field(given, "version") ?? 0, "policy.version");
  checkEtag(stored, etag);
  checkVersion(stored, given, etag, version);
  // Without an etag nothing of a version is checked, and a policy of version 1 has no room for conditions.
  const list = version === 3 || etag !== "" ? field(given, "bindings") : withoutConditions(field(given, "bindings"));
  const bindings = acceptBindings(call, list ?? []);
  const mask = (optionalText(call.body, "updateMask") ?? "bindings,etag").split(",").map((path) => path.trim());
  const next = {
    bindings: mask.includes("bindings") ? bindings : stored.bindings,
    auditConfigs: mask.some((path) => /^audit_?configs$/i.test(path)) ? auditConfigsOf(given) : stored.auditConfigs,
  };
  replacePolicy(stored, next, call.now);
  return shown(stored, 3);
}

/** Needs no permission, and is about the caller alone. Nothing there: nothing allowed, and no NOT_FOUND. */
export function testIamPermissions(call: Call): object {
  onlyFields(call.body, ["permissions"]);
  const asked = field(call.body, "permissions") ?? [];
  if (!Array.isArray(asked) || !asked.every((one) => typeof one === "string")) {
    throw badField("permissions", "Invalid value at 'permissions'");
  }
  const wildcard = asked.find((permission) => permission.includes("*"));
  if (wildcard !== undefined) throw invalid(`Permission ${wildcard} is not valid for this resource.`);
  const permissions = asked.filter((permission) => can(call, permission));
  return permissions.length === 0 ? {} : { permissions };
}

/** `cloudkms.cryptoKeys` of `cloudkms.cryptoKeys.getIamPolicy`. */
function permissionsOf(call: Call): string {
  const { kind } = parseName(call.name);
  return kind === "project" ? "resourcemanager.projects" : `cloudkms.${kind}s`;
}

function policyOf(call: Call): StoredPolicy {
  const { kind, project } = parseName(call.name);
  if (kind === "cryptoKey") return keyOf(call).policy;
  if (kind === "keyRing") return ringOf(call).policy;
  const found = findProject(call.world, project);
  if (found === undefined) throw new GoogleError("NOT_FOUND", `Project ${project} not found.`);
  return found.policy;
}

/** A GET says it in the query, Cloud Resource Manager's POST in the body. */
function requestedVersion(call: Call): 0 | 1 | 3 {
  onlyFields(call.body, ["options"]);
  const options = field(call.body, "options");
  const inBody = isObject(options) ? field(options, "requestedPolicyVersion") : undefined;
  const inQuery =
    call.query.get("options.requestedPolicyVersion") ?? call.query.get("options.requested_policy_version");
  return versionNumber(inBody ?? inQuery ?? 0, "options.requested_policy_version");
}

function versionNumber(value: unknown, at: string): 0 | 1 | 3 {
  const number = Number(value);
  if (number === 0 || number === 1 || number === 3) return number;
  throw badField(at, `Invalid value at '${at}': ${JSON.stringify(value)}. Valid values are 0, 1 and 3.`);
}

/**
 * A policy with conditions needs version 3 to be read as it is. A lower one shows the role of a conditional binding
 * mangled and its condition not at all: https://cloud.google.com/iam/docs/troubleshooting-withcond
 */
function shown(view: PolicyView & { readonly version: 1 | 3 | null }, wanted: 0 | 1 | 3): object {
  if (view.version === null) return { etag: view.etag };
  const bindings = wanted === 3 ? view.bindings : view.bindings.map(mangled);
  return {
    version: wanted === 3 ? view.version : 1,
    etag: view.etag,
    ...(bindings.length === 0 ? {} : { bindings }),
    ...(view.auditConfigs.length === 0 ? {} : { auditConfigs: view.auditConfigs }),
  };
}

function mangled(binding: PolicyView["bindings"][number]): object {
  const { role, members, condition } = binding;
  if (condition === undefined) return binding;
  const hash = createHash("sha256").update(JSON.stringify(condition)).digest("hex").slice(0, 20);
  return { role: `${role}_withcond_${hash}`, members };
}

/** "" for none. Google's client for Python, and so gcloud, cannot read one that is not base64. */
function etagOf(policy: Readonly<Record<string, unknown>>): string {
  const etag = optionalText(policy, "etag") ?? "";
  if (/^[A-Za-z0-9+/_-]*={0,2}$/.test(etag)) return Buffer.from(etag, "base64").toString("base64");
  throw badField("policy.etag", `Invalid value at 'policy.etag' (TYPE_BYTES), Base64 decoding failed for "${etag}"`);
}

function checkEtag(stored: StoredPolicy, etag: string): void {
  if (etag === "" || etag === stored.etag) return;
  throw new GoogleError(
    "ABORTED",
    "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
  );
}

function checkVersion(
  stored: StoredPolicy,
  given: Readonly<Record<string, unknown>>,
  etag: string,
  version: 0 | 1 | 3,
): void {
  if (etag === "" || version === 3) return;
  const bindings = field(given, "bindings");
  const conditional =
    Array.isArray(bindings) && bindings.some((one) => isObject(one) && one["condition"] !== undefined);
  // What is no version at all counts as the lowest there is.
  const said = `Specified policy version (${version === 0 ? 1 : version})`;
  if (stored.version === 3)
    throw invalid(`${said} cannot be less than the existing policy version (3). ${VERSIONS_PAGE}`);
  if (conditional) throw invalid(`${said} cannot have conditional role bindings. ${VERSIONS_PAGE}`);
}

function auditConfigsOf(policy: Readonly<Record<string, unknown>>): readonly object[] {
  const given = field(policy, "auditConfigs") ?? [];
  if (Array.isArray(given) && given.every(isObject)) return given;
  throw badField("policy.audit_configs", "Invalid value at 'policy.audit_configs'");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
