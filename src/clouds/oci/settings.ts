import { usageError } from "../../core/errors.ts";
import { isLoopback } from "../../io/loopback.ts";
import { shownAddress } from "../../io/shown.ts";
import type { EndpointSettings } from "./endpoints.ts";

/** How the caller proves who it is, in the OCI CLI's words (`--auth`, OCI_CLI_AUTH). */
export const OCI_AUTH = [
  "api_key",
  "security_token",
  "instance_principal",
  "resource_principal",
  "oke_workload_identity",
] as const;
export type OciAuth = (typeof OCI_AUTH)[number];

/** What OCI's own tools keep, and what a person said beside it. */
export interface OciOptions extends EndpointSettings {
  /** `~/.oci/config` when nobody says otherwise. */
  readonly configFile: string;
  readonly profile: string;
  /** One of `OCI_AUTH`; anything else is refused. */
  readonly auth: string;
  /** What `~` in the configuration file stands for. */
  readonly home: string;
}

/** Refuses a way that is none. */
export function authOf(text: string): OciAuth {
  const auth = OCI_AUTH.find((one) => one === text);
  if (auth !== undefined) return auth;
  throw usageError(
    "usage.oci-auth",
    `keygrant cannot log in to OCI with "${text.slice(0, 60)}".`,
    `Set OCI_CLI_AUTH, or --oci-auth, to one of: ${OCI_AUTH.join(", ")}.`,
  );
}

/** A signature travels with each call, and the session's token with it. */
export function refuseUnsafe({ endpoint, managementEndpoint, cryptoEndpoint }: EndpointSettings): void {
  for (const text of [endpoint, managementEndpoint, cryptoEndpoint]) {
    if (text === undefined) continue;
    const url = URL.parse(text);
    const isSafe =
      url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)));
    const isBare =
      url !== null &&
      url.username + url.password === "" &&
      url.pathname === "/" &&
      url.search === "" &&
      url.hash === "";
    if (isSafe && isBare) continue;
    throw usageError(
      "usage.oci-endpoint",
      `"${shownAddress(text)}" is no address that keygrant sends credentials to.`,
      "Give an https address without a path, such as https://kms.example.com; plain http is for loopback only.",
    );
  }
}
