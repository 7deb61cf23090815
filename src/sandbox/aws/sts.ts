import type { SandboxContext, SandboxReply, SandboxRequest } from "../module.ts";
import { openSession } from "./callers.ts";
import { AwsError } from "./errors.ts";
import { authenticate, type Signed } from "./sigv4.ts";
import { type AwsWorld, uniqueId } from "./world.ts";

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";
const VERSION = "2011-06-15";
const HOUR = 3600;

/** The parameters of a Query request, or null when it is none of STS's. */
export function stsParameters(request: SandboxRequest): URLSearchParams | null {
  const form = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
  if (request.method !== "POST" || !form) return null;
  const parameters = new URLSearchParams(request.body.toString());
  return parameters.has("Action") && parameters.get("Version") === VERSION ? parameters : null;
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/: the Query protocol, which the CLI and every SDK speak to STS. */
export function answerSts(
  world: AwsWorld,
  request: SandboxRequest,
  parameters: URLSearchParams,
  context: SandboxContext,
  requestId: string,
): SandboxReply {
  const action = parameters.get("Action") ?? "";
  try {
    const signed = authenticate(world, request, "sts", context.clock.now());
    const fields = runSts(world, signed, action, parameters, context);
    const result = `<${action}Result>${xml(fields)}</${action}Result>`;
    const metadata = xml({ ResponseMetadata: { RequestId: requestId } });
    return reply(200, requestId, `<${action}Response xmlns="${NAMESPACE}">${result}${metadata}</${action}Response>`);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const body = xml({ Error: { Type: "Sender", Code: error.code, Message: error.message }, RequestId: requestId });
    return reply(error.status, requestId, `<ErrorResponse xmlns="${NAMESPACE}">${body}</ErrorResponse>`);
  }
}

function runSts(
  world: AwsWorld,
  signed: Signed,
  action: string,
  parameters: URLSearchParams,
  context: SandboxContext,
): XmlFields {
  if (action === "GetCallerIdentity") {
    return { Arn: signed.caller.arn, UserId: signed.caller.userId, Account: signed.caller.account };
  }
  if (action === "AssumeRole") return assumeRole(world, signed, parameters, context);
  throw new AwsError("InvalidAction", `Could not find operation ${action} for version ${VERSION}`);
}

function assumeRole(world: AwsWorld, signed: Signed, parameters: URLSearchParams, context: SandboxContext): XmlFields {
  const roleArn = required(parameters, "RoleArn");
  const name = required(parameters, "RoleSessionName");
  if (!/^[\w+=,.@-]{2,64}$/.test(name)) {
    const constraint = "Member must satisfy regular expression pattern: [\\w+=,.@-]*";
    throw validation(
      `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: ${constraint}`,
    );
  }
  const seconds = Number(parameters.get("DurationSeconds") ?? HOUR);
  if (!Number.isInteger(seconds) || seconds < 900 || seconds > 12 * HOUR) {
    const constraint = "Member must have value greater than or equal to 900 and less than or equal to 43200";
    throw validation(
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: ${constraint}`,
    );
  }
  // To ignore a session policy would give more than was asked for.
  if (parameters.has("Policy")) throw validation("The sandbox does not imitate session policies.");

  const role = world.roles.find((one) => one.arn === roleArn);
  if (role === undefined || !role.trusts.includes(signed.caller.principalArn)) {
    const message = `User: ${signed.caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
    throw new AwsError("AccessDenied", message, 403);
  }
  const session = openSession(role, name, seconds, context.clock.now(), context.random);
  world.sessions.push(session);
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: session.expiresAt,
    },
    AssumedRoleUser: { AssumedRoleId: `${uniqueId("AROA", role.arn)}:${name}`, Arn: session.arn },
  };
}

function required(parameters: URLSearchParams, name: string): string {
  const value = parameters.get(name);
  if (value) return value;
  const field = name.charAt(0).toLowerCase() + name.slice(1);
  throw validation(
    `1 validation error detected: Value null at '${field}' failed to satisfy constraint: Member must not be null`,
  );
}

function validation(message: string): AwsError {
  return new AwsError("ValidationError", message);
}

interface XmlFields {
  readonly [name: string]: string | XmlFields;
}

function xml(fields: XmlFields): string {
  return Object.entries(fields)
    .map(([name, value]) => `<${name}>${typeof value === "string" ? escapeXml(value) : xml(value)}</${name}>`)
    .join("");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function reply(status: number, requestId: string, body: string): SandboxReply {
  return { status, headers: { "content-type": "text/xml", "x-amzn-requestid": requestId }, body };
}
