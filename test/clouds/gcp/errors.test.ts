import { describe, expect, test } from "vitest";
import { type FailureKind, GcpAnswerError, GcpCredentialsError, readFailure } from "../../../src/clouds/gcp/errors.ts";
import { lookFailure } from "../../../src/clouds/gcp/look.ts";
import { memberRefusal } from "../../../src/clouds/gcp/sharing.ts";
import type { LookCode } from "../../../src/core/model.ts";
import { googleError, KEY } from "./fixture.ts";

const ASKED = { call: "GetCryptoKey", permission: "cloudkms.cryptoKeys.get" };
const reason = (name: string) => [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: name }];
const withCode = (message: string, code: string | number, cause?: unknown) =>
  Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });
/** As google-gax rejects: its own reading, and the body beside it. */
const gax = (httpStatusCode: number, code: number, body?: string) =>
  Object.assign(new Error("as the client says it"), {
    httpStatusCode,
    code,
    [Symbol.for("google-gax.rawHttpResponsePayload")]: body,
  });
const json = (status: string, message: string) => JSON.stringify({ error: { code: 0, status, message } });

const CASES: readonly [string, Error, FailureKind, LookCode][] = [
  ["absent", googleError(404, "NOT_FOUND", `CryptoKey ${KEY} not found.`), "absent", "look.absent-or-denied"],
  [
    "denied",
    googleError(403, "PERMISSION_DENIED", "Permission 'a' denied on resource 'b' (or it may not exist)."),
    "denied",
    "look.denied",
  ],
  [
    "outside the perimeter",
    googleError(
      403,
      "PERMISSION_DENIED",
      "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: AbC-12",
    ),
    "denied",
    "look.denied",
  ],
  [
    "no token",
    googleError(401, "UNAUTHENTICATED", "Request is missing required authentication credential."),
    "credentials",
    "look.credentials",
  ],
  [
    "an expired token",
    googleError(
      401,
      "UNAUTHENTICATED",
      "Request had invalid authentication credentials.",
      reason("ACCESS_TOKEN_EXPIRED"),
    ),
    "credentials",
    "look.credentials",
  ],
  [
    "quota",
    googleError(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests'"),
    "throttled",
    "look.throttled",
  ],
  [
    "quota, as 403",
    googleError(403, "PERMISSION_DENIED", "Rate Limit Exceeded", reason("RATE_LIMIT_EXCEEDED")),
    "throttled",
    "look.throttled",
  ],
  [
    "unavailable",
    googleError(503, "UNAVAILABLE", "The service is currently unavailable."),
    "server",
    "look.unreachable",
  ],
  ["internal", googleError(500, "INTERNAL", "Internal error encountered."), "server", "look.unreachable"],
  ["deadline at Google", googleError(504, "DEADLINE_EXCEEDED", "late"), "timeout", "look.timeout"],
  [
    "another region's endpoint",
    googleError(404, "NOT_FOUND", "The request concerns location 'us-east1' but was sent to location 'europe-west1'."),
    "misconfigured",
    "look.misconfigured",
  ],
  ["no such method", googleError(404, "NOT_FOUND", "Method not found."), "misconfigured", "look.misconfigured"],
  [
    "an API that is off",
    googleError(
      403,
      "PERMISSION_DENIED",
      "Cloud KMS API has not been used in project 1 before or it is disabled.",
      reason("SERVICE_DISABLED"),
    ),
    "not-enabled",
    "look.unsupported",
  ],
  [
    "an API that is off, in old words",
    googleError(
      400,
      "FAILED_PRECONDITION",
      "Google Cloud KMS API has not been used in this project before, or it is disabled.",
    ),
    "not-enabled",
    "look.unsupported",
  ],
  [
    "a disabled version",
    googleError(400, "FAILED_PRECONDITION", "v is not enabled, current state is: DISABLED."),
    "key-state",
    "look.unsupported",
  ],
  [
    "a destroyed version",
    googleError(400, "FAILED_PRECONDITION", "v is not enabled, current state is: DESTROY_SCHEDULED."),
    "key-state",
    "look.unsupported",
  ],
  ["an odd precondition", googleError(400, "FAILED_PRECONDITION", "odd"), "unknown", "look.unsupported"],
  ["a conflict", googleError(409, "ABORTED", "There were concurrent policy changes."), "conflict", "look.unreachable"],
  ["invalid", googleError(400, "INVALID_ARGUMENT", "bad"), "invalid", "look.unsupported"],
  ["an unknown status", googleError(418, "TEAPOT", "short and stout"), "unknown", "look.unsupported"],
  ["an unknown status with 5xx", googleError(599, "ODD", "odd"), "server", "look.unreachable"],
  ["a page instead of Google", new GcpAnswerError(404, "<html>404</html>"), "misconfigured", "look.misconfigured"],
  [
    "a 405 page, as for POST …:getIamPolicy",
    new GcpAnswerError(405, "<html>405</html>"),
    "misconfigured",
    "look.misconfigured",
  ],
  ["a proxy's refusal", new GcpAnswerError(403, "blocked"), "foreign", "look.unreachable"],
  ["a proxy that wants a password", new GcpAnswerError(407, ""), "credentials", "look.credentials"],
  ["a balancer's page", new GcpAnswerError(502, "<html>bad gateway</html>"), "server", "look.unreachable"],
  ["a 429 page", new GcpAnswerError(429, "slow down"), "throttled", "look.throttled"],
  [
    "of the client: absent",
    gax(404, 5, json("NOT_FOUND", `CryptoKey ${KEY} not found.`)),
    "absent",
    "look.absent-or-denied",
  ],
  [
    "of the client: a page that it takes for absent",
    gax(404, 5, "<html>404</html>"),
    "misconfigured",
    "look.misconfigured",
  ],
  ["of the client: nothing", gax(404, 5), "misconfigured", "look.misconfigured"],
  ["of the client: a list around it", gax(403, 7, `[${json("PERMISSION_DENIED", "no")}]`), "denied", "look.denied"],
  [
    "of gaxios: parsed already",
    Object.assign(new Error("x"), { response: { status: 403, data: JSON.parse(json("PERMISSION_DENIED", "no")) } }),
    "denied",
    "look.denied",
  ],
  ["of gRPC: absent", withCode("5 NOT_FOUND: CryptoKey not found", 5), "absent", "look.absent-or-denied"],
  ["of gRPC: denied", withCode("7 PERMISSION_DENIED", 7), "denied", "look.denied"],
  ["of gRPC: quota", withCode("8 RESOURCE_EXHAUSTED", 8), "throttled", "look.throttled"],
  [
    "of gRPC: disabled",
    withCode("9 FAILED_PRECONDITION: is not enabled, current state is: DISABLED", 9),
    "key-state",
    "look.unsupported",
  ],
  ["of gRPC: conflict", withCode("10 ABORTED", 10), "conflict", "look.unreachable"],
  ["of gRPC: unavailable", withCode("14 UNAVAILABLE", 14), "server", "look.unreachable"],
  ["of gRPC: credentials", withCode("16 UNAUTHENTICATED", 16), "credentials", "look.credentials"],
  ["of gRPC: unimplemented", withCode("12 UNIMPLEMENTED", 12), "misconfigured", "look.misconfigured"],
  ["our own time-out", withCode("late", 4), "timeout", "look.timeout"],
  ["our own deadline", withCode("cancelled", 1), "deadline", "look.timeout"],
  ["refused", withCode("x", 14, withCode("connect ECONNREFUSED", "ECONNREFUSED")), "not-sent", "look.unreachable"],
  ["no such host", withCode("getaddrinfo", "ENOTFOUND"), "not-sent", "look.unreachable"],
  [
    "a certificate nobody trusts",
    withCode("self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"),
    "not-sent",
    "look.unreachable",
  ],
  ["cut off", withCode("x", 14, withCode("read ECONNRESET", "ECONNRESET")), "cut-off", "look.unreachable"],
  ["not JSON", withCode("x", 14, new SyntaxError("Unexpected token <")), "foreign", "look.unreachable"],
  ["not understood", withCode("x", 14, new TypeError("no")), "foreign", "look.unreachable"],
  ["aborted", Object.assign(new Error("aborted"), { name: "AbortError" }), "deadline", "look.timeout"],
  ["timed out", withCode("late", "TimeoutError"), "timeout", "look.timeout"],
  [
    "no credentials",
    new GcpCredentialsError("Could not load the default credentials. Browse to …"),
    "credentials",
    "look.credentials",
  ],
  [
    "a login that is over",
    new GcpCredentialsError("invalid_grant", { cause: withCode("invalid_grant", "400") }),
    "credentials",
    "look.credentials",
  ],
  [
    "nobody to ask for a token",
    new GcpCredentialsError("x", { cause: withCode("x", "ENOTFOUND") }),
    "not-sent",
    "look.unreachable",
  ],
  [
    "credentials, behind the client",
    withCode("x", 14, new GcpCredentialsError("the access token file t cannot be read.")),
    "credentials",
    "look.credentials",
  ],
];

test.each(CASES)("%s", (_, error, kind, code) => {
  const failure = readFailure(error);
  expect(failure.kind).toBe(kind);
  const why = lookFailure(failure, ASKED);
  expect(why.code).toBe(code);
  expect(why.detail).toMatch(/^GetCryptoKey .*\S$/);
});

describe("what is said", () => {
  test("a denial names the permission, and that Google does not tell absent from denied", () => {
    const error = googleError(403, "PERMISSION_DENIED", "Permission 'x' denied on resource 'y' (or it may not exist).");
    const why = lookFailure(readFailure(error), ASKED);
    expect(why.detail).toContain("lacks cloudkms.cryptoKeys.get (or there is no such thing");
    expect(why.fix).toContain("docs/permissions.md");
  });

  test("an expired token is called one", () => {
    const words = "Request had invalid authentication credentials.";
    const error = googleError(401, "UNAUTHENTICATED", words, reason("ACCESS_TOKEN_EXPIRED"));
    expect(lookFailure(readFailure(error), ASKED).detail).toContain("have expired");
  });

  test("nothing that differs from call to call, and no secrets", () => {
    const words = `bad vpcServiceControlsUniqueIdentifier: Xy-_12 with ya29.a0AfH6SMB_secret and ${"A".repeat(200)}\u001b[31m`;
    const failure = readFailure(googleError(403, "PERMISSION_DENIED", words));
    expect(failure.words).not.toContain("\u001b");
    expect(failure.words).not.toMatch(/Xy-_12|secret|AAAAAAAA/);
  });

  test("how long Google asks to wait", () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "12.5s" }];
    expect(readFailure(googleError(429, "RESOURCE_EXHAUSTED", "q", details)).retryAfterMs).toBe(12_500);
    expect(readFailure(googleError(429, "RESOURCE_EXHAUSTED", "q")).retryAfterMs).toBeNull();
  });

  test("mistakes of our own are thrown, not reported", () => {
    const mistake = new TypeError("x is not a function");
    expect(() => readFailure(mistake)).toThrow(mistake);
    expect(() => readFailure("text")).toThrow("text");
  });
});

describe("domain-restricted sharing", () => {
  const message = "One or more users named in the policy do not belong to a permitted customer.";
  const violation = (member: string) => ({
    "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
    violations: [
      {
        type: "constraints/iam.allowedPolicyMemberDomains",
        subject: `orgpolicy:projects/demo?configvalue=${encodeURIComponent(member)}`,
        description: `User ${member} is not in permitted organization.`,
      },
    ],
  });

  test("constraint and members are read out of the details", () => {
    const failure = readFailure(googleError(400, "FAILED_PRECONDITION", message, [violation("x@aiven.io")]));
    expect(failure.kind).toBe("member-not-allowed");
    expect(memberRefusal(failure)).toEqual({
      constraint: "constraints/iam.allowedPolicyMemberDomains",
      members: ["x@aiven.io"],
    });
  });

  test("without details nothing is made up", () => {
    const failure = readFailure(googleError(400, "FAILED_PRECONDITION", message));
    expect(failure.kind).toBe("member-not-allowed");
    expect(memberRefusal(failure)).toEqual({ constraint: null, members: [] });
  });

  test("the managed constraint, whatever the status", () => {
    const words =
      "Operation denied by org policy: [constraints/iam.managed.allowedPolicyMembers]: group x@aiven.io and allUsers";
    const failure = readFailure(googleError(412, "FAILED_PRECONDITION", words));
    expect(memberRefusal(failure)).toEqual({
      constraint: "constraints/iam.managed.allowedPolicyMembers",
      members: ["x@aiven.io", "allUsers"],
    });
  });
});
