/**
 * Some services, and things in between, say back in an error what they were sent. What must not be read by anybody is
 * taken out of an answer before anything else is done with it: cut off or quoted, it could no longer be told.
 */

/** What a request holds that only its receiver may see: the token that it is made with, and what it is to encrypt. */
export function confidentialIn(header: (name: string) => string | undefined, body: string): readonly string[] {
  const [, plaintext] = /"plaintext"\s*:\s*"([^"]+)"/i.exec(body) ?? [];
  const [, ofForm] = /(?:^|&)access_token=([^&]+)/.exec(body) ?? [];
  const authorization = header("authorization") ?? "";
  const [, bearer] = /^Bearer (\S+)$/.exec(authorization) ?? [];
  // OCI: a session's token stands where else the name of a key does.
  const [, session] = /keyId="ST\$([^"]+)"/.exec(authorization) ?? [];
  // AWS: no secret by itself, and half of what somebody needs.
  const [, accessKey] = /Credential=([^/,]+)/.exec(authorization) ?? [];
  const all = [plaintext, ofForm, bearer, session, accessKey, header("x-amz-security-token")];
  return all.filter((one): one is string => one !== undefined && one !== "");
}

/** The text without the secrets, as they are and as they stand in an address. */
export function without(secrets: readonly string[], text: string): string {
  const forms = new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]));
  return [...forms].reduce((left, form) => (form === "" ? left : left.replaceAll(form, "[secret]")), text);
}
