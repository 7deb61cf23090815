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

/** What matters of a body stands behind the key's name, which is long. */
function textOf(body: Buffer): string {
  const text = body.toString("utf8");
  const secret = /"(?:plaintext|Plaintext)":\s*"([^"]+)"/.exec(text)?.[1];
  return `${secret ?? ""} ${text}`;
}

/** An error of whoever was asked, in the form of its own. */
export function said({ headers, path }: ObservedRequest, status: number, message: string): SandboxReply {
  const authorization = headers["authorization"] ?? "";
  const json = { "content-type": "application/json" };
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
    return { status, headers: json, body: JSON.stringify({ code: "InvalidParameter", message }) };
  if (path.startsWith("/v1/project/"))
    return { status, headers: json, body: JSON.stringify({ message, errors: [{ message, status }] }) };
  return {
    status,
    headers: json,
    body: JSON.stringify({ error: { code: status, status: "INVALID_ARGUMENT", message } }),
  };
}
