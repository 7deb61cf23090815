import { GCP_IDENTITIES, OWNER_TOKEN } from "../../src/sandbox/cast.ts";
import type { ObservedRequest, OnRequest } from "../../src/sandbox/index.ts";
import { type Canary, canary, found } from "./canaries.ts";

export interface Watch {
  readonly onRequest: OnRequest;
  /** What was sent to somebody whom it is not for. */
  readonly strays: readonly string[];
}

/** Each credential is for one service, and what a round trip encrypts is for the call that encrypts it. */
export function watchWire(probes: () => readonly Canary[], onRequest: OnRequest | undefined): Watch {
  const strays: string[] = [];
  return {
    strays,
    onRequest(request, phase) {
      if (phase === "before" && !request.inside) strays.push(...strayed(request, probes()));
      return onRequest?.(request, phase);
    },
  };
}

const VENDOR = canary("Aiven's token", OWNER_TOKEN);
const GOOGLE = GCP_IDENTITIES.map((one) => canary(`the access token of ${one.member}`, one.token));

function strayed(request: ObservedRequest, probes: readonly Canary[]): readonly string[] {
  const sent = [request.path, request.search ?? "", JSON.stringify(request.headers), request.body.toString("latin1")];
  const to = serviceOf(request);
  const forbidden = [
    ...(to === "aiven" ? [] : [VENDOR]),
    ...(to === "gcp" ? [] : GOOGLE),
    ...(request.operation === "Encrypt" ? [] : probes),
  ];
  return found(forbidden, sent.join("\n")).map((what) => `${what} in ${request.operation}, sent to ${to}`);
}

function serviceOf({ path, headers }: ObservedRequest): "aiven" | "aws" | "gcp" | "oci" {
  const authorization = headers["authorization"] ?? "";
  if (authorization.startsWith("AWS4-")) return "aws";
  if (authorization.startsWith("Signature ")) return "oci";
  return authorization.startsWith("aivenv1 ") || path.startsWith("/v1/project/") ? "aiven" : "gcp";
}
