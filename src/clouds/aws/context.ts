import type { KeyFacts } from "../../core/model.ts";
import { splitArn } from "./key.ts";
import type { Principal } from "./principal.ts";

/** What kind of value a condition key holds: an operator of another kind compares nobody knows how. */
export type ValueType = "string" | "arn" | "bool" | "number" | "date" | "ip" | "binary";

/** What is known of one condition key in the vendor's requests. A key that is not listed is `unknown`. */
export type ContextValue =
  | { readonly state: "known"; readonly type: ValueType; readonly values: readonly string[] }
  /** Never part of such a request. */
  | { readonly state: "absent" }
  /** Part of every such request, with a value that cannot be told from here. */
  | { readonly state: "present" }
  /** Neither its value nor whether it is there. */
  | { readonly state: "unknown" };

/** By the name of the condition key in lower case: names of keys are not case-sensitive. */
export type RequestContext = ReadonlyMap<string, ContextValue>;

export function contextValue(context: RequestContext, key: string): ContextValue {
  return context.get(key.toLowerCase()) ?? { state: "unknown" };
}

/**
 * What every request of the vendor's principal on this key carries. Only what holds for each of them, whatever the
 * vendor's software does: addresses, endpoints, encryption contexts, tags, organisations and services in between
 * (`kms:ViaService`, `aws:ViaAWSService`, `aws:CalledVia`) are the vendor's business and stay unknown.
 * Pages: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
 */
export function requestContext(principal: Principal, keyArn: string, facts: KeyFacts, action: string): RequestContext {
  return new Map([...aboutPrincipal(principal), ...aboutRequest(), ...aboutKey(keyArn), ...aboutUse(facts, action)]);
}

type Entry = readonly [string, ContextValue];

function aboutPrincipal(principal: Principal): readonly Entry[] {
  const entries: Entry[] = [];
  if (principal.account !== null) {
    entries.push(["aws:principalaccount", text(principal.account)], ["kms:calleraccount", text(principal.account)]);
  }
  if (principal.kind === "role") {
    entries.push(
      // "For IAM roles, the request context returns the ARN of the role, not the ARN of the user that assumed it."
      ["aws:principalarn", { state: "known", type: "arn", values: [principal.arn] }],
      ["aws:principaltype", text("AssumedRole")],
      // Requests made with IAM roles do not include it.
      ["aws:username", { state: "absent" }],
      // `<role id>:<session name>`: always there, and only the vendor knows it.
      ["aws:userid", { state: "present" }],
      // A role works with temporary credentials only.
      ["aws:tokenissuetime", { state: "present" }],
      ["aws:principalisawsservice", bool(false)],
    );
  }
  if (principal.kind === "user") {
    entries.push(
      ["aws:principalarn", { state: "known", type: "arn", values: [principal.arn] }],
      ["aws:principaltype", text("User")],
      ["aws:principalisawsservice", bool(false)],
    );
  }
  return entries;
}

function aboutRequest(): readonly Entry[] {
  return [
    // KMS has no plain HTTP endpoint: a request without TLS never gets as far as a policy
    // (https://docs.aws.amazon.com/kms/latest/developerguide/infrastructure-security.html).
    ["aws:securetransport", bool(true)],
    // Always there. This evaluation has no clock on purpose: what depends on the time is reported as such.
    ["aws:currenttime", { state: "present" }],
    ["aws:epochtime", { state: "present" }],
  ];
}

function aboutKey(keyArn: string): readonly Entry[] {
  const entries: Entry[] = [];
  const arn = splitArn(keyArn);
  // An alias says nothing about the key behind it.
  if (arn?.service === "kms" && arn.resource.startsWith("key/")) {
    const multiRegion = arn.resource.startsWith("key/mrk-");
    entries.push(
      ["aws:resourceaccount", text(arn.account)],
      // A key can only be used through an endpoint of its own region.
      ["aws:requestedregion", text(arn.region)],
      ["kms:multiregion", bool(multiRegion)],
    );
    // "Only multi-Region keys have a MultiRegionKeyType property." Primary or replica can change at any time.
    if (!multiRegion) entries.push(["kms:multiregionkeytype", { state: "absent" }]);
  }
  return entries;
}

/** Operations on a symmetric key that use its one algorithm, named in the request or not. */
const ENCRYPTING: ReadonlySet<string> = new Set(["kms:encrypt", "kms:decrypt", "kms:generatedatakey"]);

function aboutUse(facts: KeyFacts, action: string): readonly Entry[] {
  const key = facts.key.known ? facts.key.value : null;
  if (key === null) return [];
  const entries: Entry[] = [
    ["kms:keyusage", text(key.usage)],
    ["kms:customermasterkeyusage", text(key.usage)],
  ];
  // Of the symmetric kind alone is it certain that spec and algorithm have one and the same name.
  if (key.algorithms.length !== 1 || key.algorithms[0] !== "SYMMETRIC_DEFAULT") return entries;
  entries.push(["kms:keyspec", text("SYMMETRIC_DEFAULT")], ["kms:customermasterkeyspec", text("SYMMETRIC_DEFAULT")]);
  if (ENCRYPTING.has(action.toLowerCase())) entries.push(["kms:encryptionalgorithm", text("SYMMETRIC_DEFAULT")]);
  return entries;
}

function text(value: string): ContextValue {
  return { state: "known", type: "string", values: [value] };
}

function bool(value: boolean): ContextValue {
  return { state: "known", type: "bool", values: [String(value)] };
}
