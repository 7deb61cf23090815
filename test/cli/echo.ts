import type { ObservedRequest, SandboxReply } from "../../src/sandbox/index.ts";

/** Somebody who says back what was sent, as an error in the words of whoever was asked. */

export const ECHOES = ["authorization", "token", "headers", "body"] as const;
export type Echo = (typeof ECHOES)[number];

/** Long answers are cut off where they are read: what an echo is about comes first. */
export function echo(request: ObservedRequest, what: Echo, status = 400): SandboxReply {
  return said(request, status, `You said: ${part(request, what)}`);
}

function part({ headers, body }: ObservedRequest, what: Echo): string {
  switch (what) {
    case "authorization":
      return headers["authorization"] ?? "nothing";
    case "token":
      return headers["x-amz-security-token"] ?? headers["authorization"]?.split(" ").at(-1) ?? "nothing";
    case "headers":
      return JSON.stringify(headers);
    case "body":
      return textOf(body);
  }
}

/** All of it, the shortest first. */
function everything(request: ObservedRequest): string {
  return ECHOES.toReversed()
    .map((what) => part(request, what))
    .sort((one, other) => one.length - other.length)
    .join(" ");
}

/** In other ways than as an error of whoever was asked: as no answer of theirs at all, or where one of theirs has a name. */
export const OTHER_WAYS: Readonly<Record<string, (request: ObservedRequest) => SandboxReply>> = {
  "no JSON": (request) => ({ status: 200, headers: JSON_TYPE, body: everything(request) }),
  "a page": (request) => ({ status: 500, headers: { "content-type": "text/html" }, body: everything(request) }),
  "where to go instead": (request) => ({
    status: 307,
    headers: {
      location: `http://127.0.0.1:1/?you=${encodeURIComponent(everything(request)).slice(0, LONGEST_HEADER)}`,
    },
    body: "",
  }),
  "an error in a success": (request) => ({ status: 200, headers: JSON_TYPE, body: named(everything(request)) }),
  "the name of an error": (request) => ({ status: 400, headers: JSON_TYPE, body: named(everything(request)) }),
  "what an answer is labelled with"(request) {
    const label = everything(request)
      .replace(/[^ -~]/g, "")
      .slice(0, LONGEST_HEADER);
    const names = ["x-amzn-errortype", "x-amzn-requestid", "opc-request-id", "retry-after", "www-authenticate"];
    const labels = Object.fromEntries(names.map((name) => [name, label]));
    return { status: 400, headers: { ...JSON_TYPE, ...labels }, body: "{}" };
  },
};

const JSON_TYPE = { "content-type": "application/json" };
/** Node takes 16 KiB of all headers together. */
const LONGEST_HEADER = 2_000;

/** As each of those that are asked names its errors. */
function named(word: string): string {
  const error = { code: 400, status: word, message: word, errors: [{ reason: word }] };
  return JSON.stringify({ __type: word, code: word, message: word, error, errors: [{ status: word, message: word }] });
}

/** What matters of a body stands behind the key's name, which is long. */
function textOf(body: Buffer): string {
  const text = body.toString("utf8");
  const secret = /"(?:plaintext|Plaintext)":\s*"([^"]+)"/.exec(text)?.[1];
  return `${secret ?? ""} ${text}`;
}

/** An error of whoever was asked, in the form of its own. */
export function said({ headers, path }: ObservedRequest, status: number, message: string): SandboxReply {
  const authorization = headers["authorization"] ?? "";
  if (headers["x-amz-target"] !== undefined) {
    const body = JSON.stringify({ __type: "ValidationException", message });
    return { status, headers: { "content-type": "application/x-amz-json-1.1" }, body };
  }
  if (authorization.startsWith("AWS4-")) {
    const xml = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const body = `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>${xml}</Message></Error></ErrorResponse>`;
    return { status, headers: { "content-type": "text/xml" }, body };
  }
  if (authorization.startsWith("Signature "))
    return { status, headers: JSON_TYPE, body: JSON.stringify({ code: "InvalidParameter", message }) };
  if (path.startsWith("/v1/project/"))
    return { status, headers: JSON_TYPE, body: JSON.stringify({ message, errors: [{ message, status }] }) };
  return {
    status,
    headers: JSON_TYPE,
    body: JSON.stringify({ error: { code: status, status: "INVALID_ARGUMENT", message } }),
  };
}
