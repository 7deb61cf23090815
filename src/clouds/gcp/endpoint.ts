import { type KeygrantError, usageError } from "../../core/errors.ts";
import { isLoopback } from "../../io/loopback.ts";
import { shownAddress } from "../../io/shown.ts";

/** Where Cloud KMS and what stands around it are asked. */
export interface Endpoints {
  readonly protocol: "https" | "http";
  readonly host: string;
  readonly port: number;
  /** Origins, without a slash at the end. */
  readonly kms: string;
  readonly resourceManager: string;
  readonly iam: string;
  readonly iamCredentials: string;
  readonly oauth: string;
}

const KMS = "https://cloudkms.googleapis.com";
const OTHERS = {
  resourceManager: "https://cloudresourcemanager.googleapis.com",
  iam: "https://iam.googleapis.com",
  iamCredentials: "https://iamcredentials.googleapis.com",
  oauth: "https://oauth2.googleapis.com",
} as const;

/**
 * Google's own endpoints, or another one for Cloud KMS (a private or regional one). One on loopback stands for all of
 * Google Cloud: a test service is asked nothing elsewhere, and nothing leaves the machine. A token is sent nowhere
 * over plain http but to loopback.
 */
export function endpoints(override: string | undefined): Endpoints {
  const url = URL.parse(override ?? KMS);
  if (url === null) throw wrong(override, "it is not a URL");
  const local = isLoopback(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) {
    throw wrong(override, "it is neither https nor on this machine");
  }
  if (url.username !== "" || url.password !== "") throw wrong(override, "it has a password in it");
  if ((url.pathname !== "/" && url.pathname !== "") || url.search !== "" || url.hash !== "") {
    throw wrong(override, "it has something behind the host");
  }
  const protocol = url.protocol === "https:" ? "https" : "http";
  const port = url.port === "" ? (protocol === "https" ? 443 : 80) : Number(url.port);
  const others = local
    ? { resourceManager: url.origin, iam: url.origin, iamCredentials: url.origin, oauth: url.origin }
    : OTHERS;
  return { protocol, host: url.hostname, port, kms: url.origin, ...others };
}

function wrong(override: string | undefined, fault: string): KeygrantError {
  return usageError(
    "usage.endpoint",
    `"${shownAddress(override ?? "")}" is not an endpoint for Cloud KMS: ${fault}.`,
    "Set CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS, or --gcp-endpoint, to something like https://cloudkms-me.p.googleapis.com/",
  );
}
