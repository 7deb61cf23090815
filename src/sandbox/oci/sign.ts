import { createHash, sign } from "node:crypto";
import type { OciIdentity } from "../cast.ts";
import { fingerprint, privatePem } from "./worthless-keys.ts";

/** The text that is signed: a line a header. https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm */
export function signingString(
  names: readonly string[],
  requestTarget: string,
  headers: Readonly<Record<string, string | undefined>>,
): string {
  return names
    .map((name) => `${name}: ${name === "(request-target)" ? requestTarget : (headers[name] ?? "")}`)
    .join("\n");
}

export interface Signable {
  readonly method: string;
  readonly url: URL;
  /** Empty: no body. */
  readonly body: string;
}

export function keyIdOf(identity: OciIdentity): string {
  return `${identity.tenancy}/${identity.user}/${fingerprint(identity.key)}`;
}

/** The headers with which a person of the cast sends a request. */
export function signedHeaders(
  { method, url, body }: Signable,
  identity: OciIdentity,
  now: Date,
): Readonly<Record<string, string>> {
  const plain: Record<string, string> = { date: now.toUTCString(), host: url.host };
  const names = ["date", "(request-target)", "host"];
  if (body !== "") {
    plain["content-type"] = "application/json";
    plain["content-length"] = String(Buffer.byteLength(body));
    plain["x-content-sha256"] = createHash("sha256").update(body).digest("base64");
    names.push("content-length", "content-type", "x-content-sha256");
  }
  const text = signingString(names, `${method.toLowerCase()} ${url.pathname}${url.search}`, plain);
  const signature = sign("sha256", Buffer.from(text), privatePem(identity.key)).toString("base64");
  const parameters = `keyId="${keyIdOf(identity)}",algorithm="rsa-sha256",headers="${names.join(" ")}"`;
  return { ...plain, authorization: `Signature version="1",${parameters},signature="${signature}"` };
}
