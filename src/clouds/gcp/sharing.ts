/**
 * Domain-restricted sharing: an organisation policy on who may stand in IAM policies. On by default for organisations
 * made since May 2024 (https://cloud.google.com/resource-manager/docs/organization-policy/restricting-domains).
 */

/** `constraints/iam.allowedPolicyMemberDomains` and its successor, `constraints/iam.managed.allowedPolicyMembers`. */
const CONSTRAINT = /constraints\/(?:customConstraints\/)?[\w.]*(?:allowedPolicyMember|AllowPolicy)\w*/i;
/** Beyond that nothing is said that is not said before. */
const LONGEST = 20_000;

/** Whether an error of setIamPolicy says that a member of the policy is not allowed there. */
export function isMemberRefusal(message: string, details: readonly unknown[]): boolean {
  if (/do(?:es)? not belong to a permitted customer|not in permitted organi[sz]ation/i.test(message)) return true;
  return CONSTRAINT.test(textOf(message, details));
}

/** Which constraint, and which addresses do not fit it; nothing where the error does not say. */
export function memberRefusal(failure: { readonly words: string; readonly details: readonly unknown[] }): {
  readonly constraint: string | null;
  readonly members: readonly string[];
} {
  const text = textOf(failure.words, failure.details);
  const members =
    text.match(/[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|\ball(?:Authenticated)?Users\b/g) ?? [];
  return {
    constraint: CONSTRAINT.exec(text)?.[0] ?? null,
    members: [...new Set(members.map((member) => member.replace("%40", "@")))].slice(0, 10),
  };
}

function textOf(words: string, details: readonly unknown[]): string {
  return `${words} ${JSON.stringify(details)}`.slice(0, LONGEST);
}
