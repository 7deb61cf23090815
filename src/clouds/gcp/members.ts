import type { Tri } from "../../core/tri.ts";

/** How a member of a binding lets a principal in. */
export type Through = "itself" | "everyone" | "domain" | "nothing";

export interface MemberMatch {
  readonly met: Tri;
  readonly through: Through;
}

/** https://cloud.google.com/iam/docs/principals-overview: with and without a Google account. */
const EVERYONE: ReadonlySet<string> = new Set(["allusers", "allauthenticatedusers"]);

/**
 * The same member as Google sees it: emails compare without case
 * (https://cloud.google.com/iam/docs/reference/rest/v1/Policy#binding).
 */
export function isSameMember(one: string, other: string): boolean {
  return normal(one) === normal(other);
}

/** What is the same for members that are the same. */
export function normal(member: string): string {
  const { kind, name } = splitMember(member);
  // The rest of a principal's name (workload and workforce pools) keeps its case.
  return EMAILS.has(kind) || name === "" ? member.toLowerCase() : member;
}

const EMAILS: ReadonlySet<string> = new Set(["user", "group", "serviceAccount", "domain"]);

export interface Member {
  /** `group`, `user`, `allUsers`, `principalSet`, … */
  readonly kind: string;
  /** What follows the colon; empty for `allUsers` and `allAuthenticatedUsers`. */
  readonly name: string;
  /** `deleted:group:…?uid=…`: a principal that no longer exists. */
  readonly deleted: boolean;
}

export function splitMember(member: string): Member {
  const deleted = member.startsWith("deleted:");
  const rest = deleted ? member.slice("deleted:".length).replace(/\?uid=[^?]*$/, "") : member;
  const at = rest.indexOf(":");
  if (at === -1) return { kind: rest, name: "", deleted };
  return { kind: rest.slice(0, at), name: rest.slice(at + 1), deleted };
}

export function isEveryone(member: string): boolean {
  return EVERYONE.has(member.toLowerCase());
}

/** Whether a member of a binding is, or contains, the principal. Who is in a group only the vendor knows. */
export function matchMember(member: string, principal: string): MemberMatch {
  if (isSameMember(member, principal)) return { met: "yes", through: "itself" };
  if (isEveryone(member)) return { met: "yes", through: "everyone" };
  const { kind, name, deleted } = splitMember(member);
  const isOwnDomain = kind === "domain" && !deleted && domainOf(principal) === name.toLowerCase();
  return isOwnDomain ? { met: "unknown", through: "domain" } : { met: "no", through: "nothing" };
}

/** The domain of an email's member; null for a member without one. */
export function domainOf(member: string): string | null {
  const at = member.lastIndexOf("@");
  return at === -1 ? null : member.slice(at + 1).toLowerCase();
}
