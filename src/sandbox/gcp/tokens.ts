import { GCP_EXPIRED_TOKEN, GCP_IDENTITIES } from "../cast.ts";
import type { SandboxReply, SandboxRequest } from "../module.ts";
import { type Call, field, onlyFields, optionalSeconds } from "./call.ts";
import type { RequestContext } from "./context.ts";
import { type Caller, callerOf, mayImpersonate } from "./enforce.ts";
import { errorInfo, GoogleError, invalid, json, unauthenticated } from "./errors.ts";

/** Whose token it is. Throws UNAUTHENTICATED for none, a strange one or one that has expired. */
export function authenticate({ world, now, operation }: RequestContext, request: SandboxRequest): Caller {
  const [scheme = "", token = ""] = (request.headers["authorization"] ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || token === "") throw unauthenticated("CREDENTIALS_MISSING", operation);
  if (token === GCP_EXPIRED_TOKEN) throw unauthenticated("ACCESS_TOKEN_EXPIRED", operation);
  const identity = GCP_IDENTITIES.find((one) => one.token === token);
  if (identity !== undefined) return callerOf(identity);
  const issued = world.tokens.find((one) => one.token === token);
  if (issued === undefined) throw unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED", operation);
  if (Date.parse(issued.expiresAt) <= now.getTime()) throw unauthenticated("ACCESS_TOKEN_EXPIRED", operation);
  return { member: issued.member, late: false };
}

const USUAL_LIFETIME_SECONDS = 3600;

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
export function generateAccessToken(call: Call): object {
  onlyFields(call.body, ["scope", "lifetime", "delegates"]);
  const email = call.name.split("/").at(-1) ?? "";
  if (!mayImpersonate(call.world, call.caller, email, call.now)) {
    const permission = "iam.serviceAccounts.getAccessToken";
    throw new GoogleError("PERMISSION_DENIED", `Permission '${permission}' denied on resource (or it may not exist).`, [
      errorInfo("IAM_PERMISSION_DENIED", "iam.googleapis.com", { permission }),
    ]);
  }
  const scope = field(call.body, "scope");
  if (!Array.isArray(scope) || scope.length === 0) throw invalid("Scope required.");
  const seconds = optionalSeconds(call.body, "lifetime") ?? USUAL_LIFETIME_SECONDS;
  if (seconds > USUAL_LIFETIME_SECONDS) throw invalid("The token lifetime must be no longer than 3600s.");
  const token = {
    token: `sandbox-worthless-gcp-token-${Buffer.from(call.context.random(16)).toString("hex")}`,
    member: `serviceAccount:${email}`,
    expiresAt: new Date(call.now.getTime() + seconds * 1000).toISOString(),
  };
  call.world.tokens.push(token);
  return { accessToken: token.token, expireTime: token.expiresAt.replace(/\.\d+Z$/, "Z") };
}

/** https://cloud.google.com/docs/authentication/token-types#access: whose token it is; takes a form, and no token for itself. */
export function tokenInfo(about: RequestContext, request: SandboxRequest): SandboxReply {
  const token = new URLSearchParams(request.body.toString("utf8")).get("access_token") ?? "";
  try {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const { member } = authenticate(about, { ...request, headers });
    const email = member.slice(member.indexOf(":") + 1);
    return json(200, { email, email_verified: "true", scope: "https://www.googleapis.com/auth/cloud-platform" });
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error;
    return json(400, { error: "invalid_token", error_description: "Invalid Value" });
  }
}
