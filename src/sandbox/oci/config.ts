import { OCI_AUDITOR, OCI_HOME_REGION, OCI_OWNER, type OciIdentity } from "../cast.ts";
import { fingerprint, privatePem } from "./worthless-keys.ts";

export const CONFIG_FILE = "oci-config";
const TOKEN_FILE = "oci-session-token";

/** Long after everybody has stopped playing. */
const SESSION_ENDS = Date.parse("2100-01-01T00:00:00Z") / 1000;

/**
 * What `oci` and the SDKs read: the owner as DEFAULT, the auditor as AUDITOR, and the owner with a session token as
 * SESSION. https://docs.oracle.com/iaas/Content/API/Concepts/sdkconfig.htm
 */
export function configFiles(fileAt: (name: string) => string): Readonly<Record<string, string>> {
  const lines = [
    "# The sandbox's own: every key here is published with keygrant, and worthless.",
    ...profile("DEFAULT", OCI_OWNER, fileAt),
    ...profile("AUDITOR", OCI_AUDITOR, fileAt),
    ...profile("SESSION", OCI_OWNER, fileAt),
    `security_token_file=${fileAt(TOKEN_FILE)}`,
  ];
  return {
    [CONFIG_FILE]: `${lines.join("\n")}\n`,
    [keyFile(OCI_OWNER)]: privatePem(OCI_OWNER.key),
    [keyFile(OCI_AUDITOR)]: privatePem(OCI_AUDITOR.key),
    [TOKEN_FILE]: sessionToken(OCI_OWNER, SESSION_ENDS),
  };
}

function profile(name: string, identity: OciIdentity, fileAt: (name: string) => string): readonly string[] {
  return [
    `[${name}]`,
    `user=${identity.user}`,
    `fingerprint=${fingerprint(identity.key)}`,
    `tenancy=${identity.tenancy}`,
    `region=${OCI_HOME_REGION}`,
    `key_file=${fileAt(keyFile(identity))}`,
  ];
}

function keyFile({ key }: OciIdentity): string {
  return `oci-worthless-key-${key}.pem`;
}

/** In the form of OCI's own, and signed by nobody. `ends` in seconds since 1970. */
export function sessionToken({ user, tenancy, name }: OciIdentity, ends: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub: user, tenant: tenancy, ttype: "login", name, exp: ends, note: "sandbox-worthless" };
  return [part({ alg: "none", typ: "JWT" }), part(claims), "worthless"].join(".");
}
