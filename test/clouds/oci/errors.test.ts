import { describe, expect, test } from "vitest";
import { type CallFault, mayHaveArrived, OciCallError, readFailure } from "../../../src/clouds/oci/errors.ts";
import { look, lookFailure } from "../../../src/clouds/oci/look.ts";

const status = (code: number, word: string | null, words = "words of OCI"): CallFault => ({
  kind: "status",
  status: code,
  code: word,
  words,
});
const network = (code: string, sent: boolean): CallFault => ({ kind: "network", code, sent });

function read(fault: CallFault) {
  return readFailure(new OciCallError(fault));
}

// https://docs.oracle.com/en-us/iaas/Content/API/References/apierrors.htm
test.each<[string, CallFault, string, string, boolean]>([
  ["either", status(404, "NotAuthorizedOrNotFound"), "absent-or-denied", "look.absent-or-denied", false],
  [
    "either, of what it is about",
    status(404, "RelatedResourceNotAuthorizedOrNotFound"),
    "absent-or-denied",
    "look.absent-or-denied",
    false,
  ],
  ["a word that nobody knows, 404", status(404, "SomethingNew"), "absent-or-denied", "look.absent-or-denied", false],
  ["no such path", status(404, "NotFound"), "misconfigured", "look.misconfigured", false],
  ["denied", status(403, "NotAuthorized"), "denied", "look.denied", false],
  ["denied, other word", status(403, "SomethingNew"), "denied", "look.denied", false],
  ["not the home region", status(403, "NotAllowed"), "misconfigured", "look.misconfigured", false],
  ["credentials", status(401, "NotAuthenticated"), "credentials", "look.credentials", false],
  [
    "the clock",
    status(401, "NotAuthenticated", "The date in the request is more than 5 minutes off: clock skew"),
    "clock",
    "look.credentials",
    false,
  ],
  ["throttled", status(429, "TooManyRequests"), "throttled", "look.throttled", false],
  ["throttled, without words", status(429, null), "throttled", "look.throttled", false],
  ["a limit", status(400, "LimitExceeded"), "limit", "look.throttled", false],
  ["a quota", status(400, "QuotaExceeded"), "limit", "look.throttled", false],
  ["the etag", status(412, "NoEtagMatch"), "stale", "look.unsupported", false],
  ["the etag, other word", status(412, "SomethingNew"), "stale", "look.unsupported", false],
  ["state", status(409, "IncorrectState"), "conflict", "look.unsupported", false],
  ["name taken", status(409, "PolicyAlreadyExists"), "conflict", "look.unsupported", false],
  ["invalid", status(400, "InvalidParameter"), "invalid", "look.unsupported", false],
  ["invalid, other word", status(400, "SomethingNew"), "invalid", "look.unsupported", false],
  ["internal", status(500, "InternalServerError"), "server", "look.unreachable", true],
  [
    "internal, with a word of another status",
    status(503, "NotAuthorizedOrNotFound"),
    "server",
    "look.unreachable",
    true,
  ],
  ["internal, of somebody on the way", status(502, null), "server", "look.unreachable", true],
  ["not implemented", status(501, "MethodNotImplemented"), "unsupported", "look.unsupported", false],
  ["a page of a proxy", status(403, null), "foreign", "look.unreachable", true],
  ["a redirect", status(302, null), "foreign", "look.unreachable", true],
  ["a teapot", status(418, "Teapot"), "unknown", "look.unsupported", false],
  ["a word like a part of every object", status(400, "constructor"), "invalid", "look.unsupported", false],
  ["no connection", network("ECONNREFUSED", false), "not-sent", "look.unreachable", false],
  ["no name", network("ENOTFOUND", false), "not-sent", "look.unreachable", false],
  ["cut off", network("ECONNRESET", true), "cut-off", "look.unreachable", true],
  ["not HTTP", network("HPE_INVALID_CONSTANT", true), "foreign", "look.unreachable", true],
  ["no URL", network("ERR_INVALID_URL", false), "misconfigured", "look.misconfigured", false],
  // The SDK's circuit breaker refuses here and says nothing about OCI: never a verdict.
  ["the SDK's own breaker", network("EOPENBREAKER", false), "throttled", "look.throttled", false],
  ["no answer", { kind: "timeout", deadline: false }, "timeout", "look.timeout", true],
  ["the command's time", { kind: "timeout", deadline: true }, "deadline", "look.timeout", true],
  ["somebody else", { kind: "foreign", words: "HTTP 200 without JSON" }, "foreign", "look.unreachable", true],
  ["no credentials", { kind: "credentials", words: "no profile X" }, "credentials", "look.credentials", false],
])("%s", (_, fault, kind, code, arrived) => {
  const failure = read(fault);
  expect(failure.kind).toBe(kind);
  expect(lookFailure(failure, { call: "GetKey" }).code).toBe(code);
  expect(mayHaveArrived(failure)).toBe(arrived);
});

describe("words", () => {
  test("404 says both that it can mean, and what to do about each", () => {
    const why = lookFailure(read(status(404, "NotAuthorizedOrNotFound")), { call: "GetKey", needs: "read keys" });
    expect(why.detail).toBe(
      "GetKey was answered with NotAuthorizedOrNotFound: either it does not exist, or the caller may not see it.",
    );
    expect(why.fix).toBe(
      "Check the OCID and its region first; if they are right, let the caller `read keys` (see docs/permissions.md).",
    );
  });

  test("nothing that differs from call to call, and no secret", () => {
    const token = `ST$${"a".repeat(300)}`;
    const words = `Failed ${token} (opc-request-id: ABC/DEF/123) and ${"b".repeat(200)} \u001b[31mred\u202e`;
    const one = lookFailure(read(status(403, "NotAuthorized", words)), { call: "GetKey" }).detail;
    expect(one).not.toContain("ABC/DEF");
    expect(one).not.toMatch(/a{20}|b{20}/);
    for (const character of ["\u001b", "\u202e"]) expect(one).not.toContain(character);
    expect(one.length).toBeLessThan(400);
  });

  test("a certificate that is not trusted is no other failure", () => {
    const why = lookFailure(read(network("SELF_SIGNED_CERT_IN_CHAIN", false)), { call: "GetKey" });
    expect(why.fix).toContain("NODE_EXTRA_CA_CERTS");
  });

  test("the transport's own advice comes first", () => {
    const fault: CallFault = { kind: "credentials", words: "x", fix: "Do this." };
    expect(lookFailure(read(fault), { call: "GetKey" }).fix).toBe("Do this.");
  });
});

test("a mistake of our own is no answer", async () => {
  const bug = new TypeError("undefined is not a function");
  await expect(look({ call: "GetKey" }, () => Promise.reject(bug))).rejects.toBe(bug);
  expect(() => readFailure("text")).toThrow("text");
  await expect(look({ call: "GetKey" }, async () => 7)).resolves.toEqual({ known: true, value: 7 });
});
