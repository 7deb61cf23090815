import { GCP_IDENTITIES } from "../cast.ts";
import { type Call, field, isRecord, onlyFields, optionalText } from "./call.ts";
import { syntaxError } from "./conditions.ts";
import { badField, failedPrecondition, invalid } from "./errors.ts";
import { roleExists } from "./roles.ts";
import type { Binding, Condition, GcpWorld } from "./world.ts";

/** The owner's own people and service accounts are never a stranger's. */
const OWN_DOMAINS = ["owner.example", "demo.iam.gserviceaccount.com"];
/** Nobody has ever been there: for trying what Google says to a member that does not exist. */
const EMPTY_DOMAIN = "nobody.example";

/** The bindings of a policy that is being written, as Google keeps them: checked, cleaned of doubles, in their order. */
export function acceptBindings(call: Call, given: unknown): readonly Binding[] {
  if (!Array.isArray(given)) throw badField("policy.bindings", "Invalid value at 'policy.bindings'");
  const merged = new Map<string, Binding>();
  for (const [index, one] of given.entries()) {
    const binding = acceptBinding(call.world, one, `policy.bindings[${index}]`);
    const { role, members, condition } = binding;
    const key = JSON.stringify([role, condition ?? null]);
    const before = merged.get(key)?.members ?? [];
    const same = condition === undefined ? {} : { condition };
    merged.set(key, { role, members: [...new Set([...before, ...members])], ...same });
  }
  const bindings = [...merged.values()];
  checkDomains(call, bindings);
  return bindings;
}

/** What is left of bindings in a policy of version 1. */
export function withoutConditions(given: unknown): unknown {
  if (!Array.isArray(given)) return given;
  return given.map((one: unknown) => {
    if (!isRecord(one)) return one;
    const { condition: _lost, ...rest } = one;
    return rest;
  });
}

function acceptBinding(world: GcpWorld, given: unknown, at: string): Binding {
  if (!isRecord(given)) throw badField(at, `Invalid value at '${at}'`);
  onlyFields(given, ["role", "members", "condition", "bindingId"], at);
  const role = optionalText(given, "role") ?? "";
  if (!roleExists(world, role)) throw invalid(`Role ${role} is not supported for this resource.`);
  const members = field(given, "members") ?? [];
  if (!Array.isArray(members) || !members.every((one) => typeof one === "string")) {
    throw badField(`${at}.members`, `Invalid value at '${at}.members'`);
  }
  if (members.length === 0) throw invalid(`The binding of ${role} must contain at least one member.`);
  const condition = conditionOf(field(given, "condition"), `${at}.condition`);
  return {
    role,
    members: members.map((member) => acceptMember(world, member)),
    ...(condition === undefined ? {} : { condition }),
  };
}

function conditionOf(given: unknown, at: string): Condition | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isRecord(given)) throw badField(at, `Invalid value at '${at}'`);
  onlyFields(given, ["title", "description", "expression", "location"], at);
  const parts = ["title", "description", "expression", "location"].map((name) => [name, optionalText(given, name)]);
  const { title = "", expression = "", ...rest } = Object.fromEntries(parts.filter(([, text]) => text !== undefined));
  if (title === "") throw invalid("The condition must have a title.");
  const wrong = syntaxError(expression);
  if (wrong !== null) throw invalid(`The condition expression of '${title}' is invalid: ${wrong}`);
  return { title, ...rest, expression };
}

/** https://cloud.google.com/iam/docs/principal-identifiers */
function acceptMember(world: GcpWorld, member: string): string {
  if (member === "allUsers" || member === "allAuthenticatedUsers") return member;
  if (/^(principal|principalSet):\/\/./.test(member) || isDeleted(member)) return member;
  const parts = /^(?<type>user|group|serviceAccount|domain):(?<value>[^\s:]+)$/.exec(member)?.groups;
  if (parts === undefined) {
    throw invalid(`The member ${member} is of an unknown type. Please set a valid type prefix for the member.`);
  }
  const type = parts["type"] ?? "";
  const value = (parts["value"] ?? "").toLowerCase();
  if (!exists(world, type, value)) throw invalid(`${CALLED[type] ?? ""} ${value} does not exist.`);
  return `${type}:${value}`;
}

/** A principal that was deleted stays in the policies that name it, under this name: they can be written back. */
function isDeleted(member: string): boolean {
  return /^deleted:(user|group|serviceAccount):[^\s?]+\?uid=\d+$/.test(member);
}

const CALLED: Readonly<Record<string, string>> = {
  user: "User",
  group: "Group",
  serviceAccount: "Service account",
  domain: "Domain",
};

/** Of whom nothing is known here, it is taken that they exist. */
function exists(world: GcpWorld, type: string, value: string): boolean {
  if (type === "domain") return value !== EMPTY_DOMAIN;
  const domain = value.split("@")[1];
  if (domain === undefined || domain === "" || domain === EMPTY_DOMAIN) return false;
  const ours = world.projects.some(({ id }) => domain === `${id}.iam.gserviceaccount.com`);
  if (type !== "serviceAccount" || !ours) return true;
  return (
    world.serviceAccounts.some(({ email }) => email === value) ||
    GCP_IDENTITIES.some((identity) => identity.member === `serviceAccount:${value}`)
  );
}

/** Domain-restricted sharing looks at every member of the policy, whoever put it there. */
function checkDomains({ knobs, name }: Call, bindings: readonly Binding[]): void {
  if (knobs.gcpAllowedDomains === null) return;
  const allowed = [...OWN_DOMAINS, ...knobs.gcpAllowedDomains];
  const strangers = bindings
    .flatMap(({ members }) => members)
    .filter((member) => !isDeleted(member) && !allowed.includes(domainOf(member)));
  if (strangers.length === 0) return;
  throw failedPrecondition(
    "One or more users named in the policy do not belong to a permitted customer.",
    ...[...new Set(strangers)].map((member) => ({
      type: "constraints/iam.allowedPolicyMemberDomains",
      subject: `orgpolicy:${name.split("/").slice(0, 2).join("/")}`,
      description: `User ${member.replace(/^[a-zA-Z]+:/, "")} is not in permitted organization.`,
    })),
  );
}

function domainOf(member: string): string {
  return member.slice(Math.max(member.indexOf("@"), member.indexOf(":")) + 1);
}
