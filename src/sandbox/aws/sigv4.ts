import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { SandboxRequest } from "../module.ts";
import { type Caller, credentialsOf } from "./callers.ts";
import { AwsError } from "./errors.ts";
import type { AwsWorld } from "./world.ts";

/** AWS's codes for a request whose sender it does not believe; JSON services and STS spell them differently. */
export type AuthProblem = "missing" | "incomplete" | "unknown" | "expired" | "mismatch";

const JSON_CODES: Readonly<Record<AuthProblem, string>> = {
  missing: "MissingAuthenticationTokenException",
  incomplete: "IncompleteSignatureException",
  unknown: "UnrecognizedClientException",
  expired: "ExpiredTokenException",
  mismatch: "InvalidSignatureException",
};
const QUERY_CODES: Readonly<Record<AuthProblem, string>> = {
  missing: "MissingAuthenticationToken",
  incomplete: "IncompleteSignature",
  unknown: "InvalidClientTokenId",
  expired: "ExpiredToken",
  mismatch: "SignatureDoesNotMatch",
};

export type AwsService = "kms" | "sts";

export interface Signed {
  readonly caller: Caller;
  /** The Region of the credential scope: which Region's endpoint is being asked. */
  readonly region: string;
}

const SKEW_MINUTES = 5;

/**
 * Verifies a Signature Version 4 in the Authorization header.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function authenticate(world: AwsWorld, request: SandboxRequest, service: AwsService, now: Date): Signed {
  const header = request.headers["authorization"];
  if (header === undefined) throw problem(service, "missing", "Missing Authentication Token");
  const parts = readAuthorization(header, service);
  const credentials = credentialsOf(world, parts.accessKeyId);
  if (credentials === null || !tokenFits(request, credentials.sessionToken)) {
    throw problem(service, "unknown", "The security token included in the request is invalid.");
  }
  const stamp = timestamp(request, service);
  checkScope(parts, stamp, service);
  checkClock(stamp, service, now);
  if (!signatureFits(request, parts, stamp, credentials.secretAccessKey)) {
    throw problem(
      service,
      "mismatch",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
  if (credentials.expiresAt !== null && Date.parse(credentials.expiresAt) <= now.getTime()) {
    throw problem(service, "expired", "The security token included in the request is expired");
  }
  return { caller: credentials.caller, region: parts.region };
}

function problem(service: AwsService, kind: AuthProblem, message: string): AwsError {
  return service === "kms" ? new AwsError(JSON_CODES[kind], message) : new AwsError(QUERY_CODES[kind], message, 403);
}

interface Authorization {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function readAuthorization(header: string, service: AwsService): Authorization {
  if (!header.startsWith("AWS4-HMAC-SHA256")) {
    throw problem(service, "incomplete", `Unsupported AWS 'algorithm': '${header.split(" ")[0] ?? ""}'.`);
  }
  const parameters = new Map(
    header
      .slice("AWS4-HMAC-SHA256".length)
      .split(",")
      .map((part) => part.trim().split(/=(.*)/s, 2) as [string, string | undefined]),
  );
  const parameter = (name: string) => {
    const value = parameters.get(name);
    if (value) return value;
    throw problem(service, "incomplete", `Authorization header requires '${name}' parameter. Authorization=${header}`);
  };
  const credential = parameter("Credential");
  const [accessKeyId = "", date = "", region = "", scoped = "", end, ...rest] = credential.split("/");
  if (end !== "aws4_request" || rest.length > 0) {
    throw problem(
      service,
      "incomplete",
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    );
  }
  const signedHeaders = parameter("SignedHeaders").split(";");
  if (!signedHeaders.includes("host")) {
    throw problem(service, "mismatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  return { accessKeyId, date, region, service: scoped, signedHeaders, signature: parameter("Signature") };
}

function tokenFits(request: SandboxRequest, token: string | null): boolean {
  return (request.headers["x-amz-security-token"] ?? null) === token;
}

/** `20260102T030405Z`, from X-Amz-Date, or else from Date. */
function timestamp(request: SandboxRequest, service: AwsService): string {
  const given = request.headers["x-amz-date"] ?? isoStamp(request.headers["date"]);
  if (given !== undefined && /^\d{8}T\d{6}Z$/.test(given)) return given;
  const message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
  throw problem(service, "incomplete", message);
}

function isoStamp(date: string | undefined): string | undefined {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? undefined : stampOf(new Date(time));
}

function stampOf(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function checkScope(parts: Authorization, stamp: string, service: AwsService): void {
  if (parts.service !== service) {
    throw problem(service, "mismatch", `Credential should be scoped to correct service: '${service}'.`);
  }
  if (!/^([a-z]+-){2,3}\d+$/.test(parts.region)) {
    throw problem(service, "mismatch", "Credential should be scoped to a valid region.");
  }
  const day = stamp.slice(0, 8);
  if (parts.date !== day) {
    const message = `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${parts.date}' != '${day}', from '${stamp}'.`;
    throw problem(service, "mismatch", message);
  }
}

function checkClock(stamp: string, service: AwsService, now: Date): void {
  const signed = Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const minutes = (by: number) => stampOf(new Date(now.getTime() + by * 60_000));
  if (signed < now.getTime() - SKEW_MINUTES * 60_000) {
    const message = `Signature expired: ${stamp} is now earlier than ${minutes(-SKEW_MINUTES)} (${minutes(0)} - ${SKEW_MINUTES} min.)`;
    throw problem(service, "mismatch", message);
  }
  if (signed > now.getTime() + SKEW_MINUTES * 60_000) {
    const message = `Signature not yet current: ${stamp} is still later than ${minutes(SKEW_MINUTES)} (${minutes(0)} + ${SKEW_MINUTES} min.)`;
    throw problem(service, "mismatch", message);
  }
}

function signatureFits(request: SandboxRequest, parts: Authorization, stamp: string, secret: string): boolean {
  // Whatever the client calls important must be what it signed: a header of AWS's own cannot be slipped in.
  const own = Object.keys(request.headers).filter((name) => name.startsWith("x-amz-"));
  if (!own.every((name) => parts.signedHeaders.includes(name))) return false;
  const bodyHash = sha256(request.body);
  const claimed = request.headers["x-amz-content-sha256"];
  if (claimed !== undefined && claimed !== bodyHash) return false;

  const scope = `${parts.date}/${parts.region}/${parts.service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonicalRequest(request, parts, bodyHash))].join("\n");
  const key = [parts.date, parts.region, parts.service, "aws4_request"].reduce(
    (previous: Buffer, part) => hmac(previous, part),
    Buffer.from(`AWS4${secret}`),
  );
  const expected = hmac(key, toSign).toString("hex");
  return (
    expected.length === parts.signature.length && timingSafeEqual(Buffer.from(expected), Buffer.from(parts.signature))
  );
}

function canonicalRequest(request: SandboxRequest, parts: Authorization, bodyHash: string): string {
  const path = request.path.split("/").map(encode).join("/");
  const query = [...request.query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join("&");
  const headers = parts.signedHeaders.map((name) => `${name}:${tidy(request.headers[name] ?? "")}\n`).join("");
  return [request.method, path || "/", query, headers, parts.signedHeaders.join(";"), bodyHash].join("\n");
}

function tidy(value: string): string {
  return value.trim().replace(/\s+/g, " ");
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
