import { createHash, verify } from "node:crypto";
import type { SandboxRequest } from "../module.ts";
import type { Named } from "./enforce.ts";
import { notAuthenticated } from "./errors.ts";
import { signingString } from "./sign.ts";
import type { OciWorld, Tenancy, User } from "./world.ts";

/** Who signed a request. */
export interface Caller {
  readonly tenancy: Tenancy;
  readonly user: User;
  readonly groups: readonly Named[];
}

/** https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm, "Maximum Allowed Client Clock Skew" */
const SKEW_MS = 5 * 60_000;

/**
 * Verifies a request signature, version 1, and says whose it is. Throws NotAuthenticated.
 * https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm, draft-cavage-http-signatures-08
 */
export function authenticate(world: OciWorld, request: SandboxRequest, now: Date): Caller {
  const authorization = request.headers["authorization"] ?? "";
  if (!/^Signature\s/i.test(authorization)) throw notAuthenticated();
  const parameters = parametersOf(authorization);
  const { user, publicPem } = signerOf(world, parameters.get("keyId") ?? "", now);
  const headers = (parameters.get("headers") ?? "date").toLowerCase().split(/\s+/);
  checkHeaders(headers, request);
  checkClock(headers, request, now);
  const text = Buffer.from(signingString(headers, targetOf(request), request.headers));
  const signature = Buffer.from(parameters.get("signature") ?? "", "base64");
  const isRsa = parameters.get("algorithm")?.toLowerCase() === "rsa-sha256";
  if (!isRsa || !verify("sha256", text, publicPem, signature)) {
    throw notAuthenticated("Failed to verify the HTTP(S) Signature");
  }
  return callerOf(world, user);
}

function parametersOf(authorization: string): ReadonlyMap<string, string> {
  return new Map([...authorization.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]));
}

/** `(request-target)` is the path and the query as they were sent. */
function targetOf(request: SandboxRequest): string {
  const search = request.search ?? request.query.toString();
  return `${request.method.toLowerCase()} ${request.path}${search === "" ? "" : `?${search}`}`;
}

interface Signer {
  readonly user: User;
  readonly publicPem: string;
}

/** The key id is `<tenancy>/<user>/<fingerprint>`, or `ST$` and a session's token. */
function signerOf(world: OciWorld, keyId: string, now: Date): Signer {
  if (keyId.startsWith("ST$")) return sessionSigner(world, keyId.slice("ST$".length), now);
  const [tenancy, id, fingerprint] = keyId.split("/");
  const user = world.users.find((one) => one.id === id && one.tenancy === tenancy);
  const apiKey = user?.apiKeys.find((one) => one.fingerprint === fingerprint);
  if (user === undefined || apiKey === undefined) throw notAuthenticated();
  return { user, publicPem: apiKey.publicPem };
}

/** The sandbox's session tokens are signed by nobody: they say who and until when, and the user's own key signs. */
function sessionSigner(world: OciWorld, token: string, now: Date): Signer {
  const claims = claimsOf(token);
  const user = world.users.find((one) => one.id === claims["sub"]);
  const [apiKey] = user?.apiKeys ?? [];
  const expires = claims["exp"];
  const live = typeof expires === "number" && expires * 1000 > now.getTime();
  if (user === undefined || apiKey === undefined || !live) throw notAuthenticated();
  return { user, publicPem: apiKey.publicPem };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? { ...claims } : {};
  } catch {
    return {};
  }
}

/** What must be signed, and that what is said of the body is true. */
function checkHeaders(signed: readonly string[], { headers, body }: SandboxRequest): void {
  const withBody = body.length > 0 ? ["content-length", "content-type", "x-content-sha256"] : [];
  const complete = ["(request-target)", "host", ...withBody].every((name) => signed.includes(name));
  if (!complete || !(signed.includes("date") || signed.includes("x-date"))) throw notAuthenticated();
  if (signed.some((name) => name !== "(request-target)" && headers[name] === undefined)) throw notAuthenticated();
  if (!signed.includes("x-content-sha256")) return;
  if (headers["x-content-sha256"] !== createHash("sha256").update(body).digest("base64")) throw notAuthenticated();
}

function checkClock(signed: readonly string[], { headers }: SandboxRequest, now: Date): void {
  const sent = headers[signed.includes("x-date") ? "x-date" : "date"] ?? "";
  const skew = Math.abs(Date.parse(sent) - now.getTime());
  if (skew <= SKEW_MS) return;
  if (Number.isNaN(skew)) throw notAuthenticated();
  const at = (ms: number) => `'${new Date(now.getTime() + ms).toUTCString().replace("GMT", "UTC")}'`;
  throw notAuthenticated(
    `Date '${sent.replace("GMT", "UTC")}' is not within allowed clock skew. Current ${at(0)}, valid datetime range: [${at(-SKEW_MS)}, ${at(SKEW_MS + 1000)}]`,
  );
}

function callerOf(world: OciWorld, user: User): Caller {
  const tenancy = world.tenancies.find(({ id }) => id === user.tenancy);
  if (tenancy === undefined) throw notAuthenticated();
  const groups = world.groups.filter(({ users }) => users.includes(user.id)).map(({ id, name }) => ({ id, name }));
  return { tenancy, user, groups };
}
