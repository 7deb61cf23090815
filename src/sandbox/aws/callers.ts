import type { RandomBytes } from "../../core/ports.ts";
import { AWS_IDENTITIES, type AwsIdentity } from "../cast.ts";
import { randomHex } from "../ids.ts";
import type { RequestContext } from "./conditions.ts";
import { type AssumableRole, type AwsWorld, type RoleSession, uniqueId } from "./world.ts";

/** Who signed a request. */
export interface Caller {
  /** As GetCallerIdentity and AWS's errors name the caller: a user, or the session of a role. */
  readonly arn: string;
  /** As policies name the caller, and `aws:PrincipalArn` has it: a user or a role. */
  readonly principalArn: string;
  readonly account: string;
  readonly iam: AwsIdentity["iam"];
  readonly userId: string;
  /** Null for long-lived credentials of a user. */
  readonly session: { readonly name: string; readonly issuedAt: string | null } | null;
}

export interface Credentials {
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly expiresAt: string | null;
  readonly caller: Caller;
}

/** A role cannot sign as itself: the cast's roles are seen in sessions of this name. */
const STANDING_SESSION = "sandbox";

export function credentialsOf(world: AwsWorld, accessKeyId: string): Credentials | null {
  const identity = AWS_IDENTITIES.find((one) => one.accessKeyId === accessKeyId);
  if (identity !== undefined) {
    return {
      secretAccessKey: identity.secretAccessKey,
      sessionToken: null,
      expiresAt: null,
      caller: callerOf(identity.arn, identity.iam, STANDING_SESSION, null),
    };
  }
  const session = world.sessions.find((one) => one.accessKeyId === accessKeyId);
  if (session === undefined) return null;
  return {
    secretAccessKey: session.secretAccessKey,
    sessionToken: session.sessionToken,
    expiresAt: session.expiresAt,
    caller: callerOf(session.roleArn, session.iam, session.arn.split("/").at(-1) ?? "", session.issuedAt),
  };
}

function callerOf(arn: string, iam: AwsIdentity["iam"], sessionName: string, issuedAt: string | null): Caller {
  const account = arn.split(":")[4] ?? "";
  if (!arn.includes(":role/")) {
    return { arn, principalArn: arn, account, iam, userId: uniqueId("AIDA", arn), session: null };
  }
  return {
    arn: sessionArn(arn, sessionName),
    principalArn: arn,
    account,
    iam,
    userId: `${uniqueId("AROA", arn)}:${sessionName}`,
    session: { name: sessionName, issuedAt },
  };
}

/** A session's ARN has the role's name, without its path. */
function sessionArn(roleArn: string, name: string): string {
  return `arn:aws:sts::${roleArn.split(":")[4] ?? ""}:assumed-role/${roleArn.split("/").at(-1) ?? ""}/${name}`;
}

export function openSession(
  role: AssumableRole,
  name: string,
  seconds: number,
  now: Date,
  random: RandomBytes,
): RoleSession {
  const hex = (size: number) => randomHex(random, size);
  return {
    accessKeyId: `SANDBOXWORTHLESSTEMP${hex(6).toUpperCase()}`,
    secretAccessKey: `sandbox-worthless-secret-${hex(8)}`,
    sessionToken: `sandbox-worthless-session-${hex(16)}`,
    roleArn: role.arn,
    arn: sessionArn(role.arn, name),
    account: role.arn.split(":")[4] ?? "",
    iam: role.iam,
    issuedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + seconds * 1000).toISOString(),
  };
}

/** The caller's own IAM policies, of which the cast has three kinds. */
export function iamAllows(iam: AwsIdentity["iam"], action: string): boolean {
  if (iam === "everything") return true;
  if (iam === "look-only") return /^kms:(DescribeKey|GetKeyPolicy|GetKeyRotationStatus|List\w+)$/.test(action);
  return /^kms:(Encrypt|Decrypt|ReEncrypt(From|To)|GenerateDataKey(WithoutPlaintext)?|DescribeKey)$/.test(action);
}

/** What every request carries: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
export function callerContext(caller: Caller, region: string, now: Date): RequestContext {
  const user = caller.principalArn.includes(":user/");
  return {
    "aws:PrincipalArn": caller.principalArn,
    "aws:PrincipalAccount": caller.account,
    "aws:PrincipalType": caller.session === null ? "User" : "AssumedRole",
    "aws:PrincipalIsAWSService": "false",
    "aws:ViaAWSService": "false",
    "aws:userid": caller.userId,
    ...(user ? { "aws:username": caller.principalArn.split("/").at(-1) ?? "" } : {}),
    ...(caller.session?.issuedAt ? { "aws:TokenIssueTime": caller.session.issuedAt } : {}),
    "aws:SourceIp": "127.0.0.1",
    // AWS takes nothing but TLS; that the sandbox speaks plain HTTP on loopback is not part of what it imitates.
    "aws:SecureTransport": "true",
    "aws:RequestedRegion": region,
    "aws:CurrentTime": now.toISOString(),
    "aws:EpochTime": String(Math.floor(now.getTime() / 1000)),
  };
}
