import type { LookCode, LookFailure } from "../../core/model.ts";
import { type Asked, type FailureKind, type GcpFailure, isCertificateCode } from "./errors.ts";

/** The failure as the reason why something could not be looked at. */
export function lookFailure(failure: GcpFailure, asked: Asked): LookFailure {
  const call = `${asked.call}${asked.about ?? ""}`;
  return { code: LOOK_CODE[failure.kind], ...describeFailure(failure, asked, call) };
}

const LOOK_CODE: Readonly<Record<FailureKind, LookCode>> = {
  absent: "look.absent-or-denied",
  denied: "look.denied",
  credentials: "look.credentials",
  misconfigured: "look.misconfigured",
  "not-enabled": "look.unsupported",
  throttled: "look.throttled",
  "not-sent": "look.unreachable",
  "cut-off": "look.unreachable",
  timeout: "look.timeout",
  deadline: "look.timeout",
  foreign: "look.unreachable",
  server: "look.unreachable",
  conflict: "look.unreachable",
  "key-state": "look.unsupported",
  "member-not-allowed": "look.unsupported",
  invalid: "look.unsupported",
  unknown: "look.unsupported",
};

type Words = Omit<LookFailure, "code">;

function describeFailure(failure: GcpFailure, asked: Asked, call: string): Words {
  const { kind, name, words } = failure;
  switch (kind) {
    case "denied":
      return deniedWords(words, asked, call);
    case "credentials":
      return credentialWords(failure, call);
    case "misconfigured":
      return {
        detail: `${call} was asked in the wrong place (${name}): ${words}`,
        fix: "Check CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS (or --gcp-endpoint), and the project and location of the key.",
      };
    case "not-enabled":
      return {
        detail: `${call} was refused because an API is not enabled: ${words}`,
        fix: "Enable it: `gcloud services enable <api> --project <project>`, with the API and project that are named.",
      };
    case "throttled":
      return { detail: `${call} was throttled by Google Cloud (${name}).` };
    case "not-sent":
      return notSentWords(failure, call);
    case "cut-off":
      return { detail: `${call} got no answer: the connection was cut (${name}).` };
    case "timeout":
      return { detail: `${call} got no answer in time (${name}).` };
    case "deadline":
      return { detail: `${call} was given up: the time for the whole command was over.` };
    case "foreign":
      return {
        detail: `${call} was answered by something that is not Google Cloud (${name}): a proxy, a login page or another service.`,
        fix: "Check HTTPS_PROXY, NO_PROXY and the endpoint (CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS).",
      };
    case "server":
      return { detail: `${call} failed inside Google Cloud (${name}).` };
    case "conflict":
      return { detail: `${call} met another change at the same time (${name}).` };
    case "absent":
    case "key-state":
    case "member-not-allowed":
    case "invalid":
    case "unknown":
      return { detail: `${call} was answered with ${name}: ${words}` };
  }
}

function deniedWords(words: string, asked: Asked, call: string): Words {
  if (/prohibited by organization'?s policy|VPC Service Controls/i.test(words)) {
    return {
      detail: `${call} was refused by VPC Service Controls: ${words}`,
      fix: "Run it from inside the perimeter, or have an ingress rule made for the caller.",
    };
  }
  // "Permission 'x' denied on resource 'y' (or it may not exist)."
  const mayBeAbsent = /may not exist/i.test(words) ? " (or there is no such thing: Google does not tell)" : "";
  return {
    detail: `${call} was refused: the caller lacks ${asked.permission}${mayBeAbsent}.`,
    fix: `Give the caller ${asked.permission} (see docs/permissions.md).`,
  };
}

function credentialWords({ name, words, details }: GcpFailure, call: string): Words {
  if (/could not load the default credentials|no credentials/i.test(words)) {
    return {
      detail: `${call} could not be asked: no Google Cloud credentials were found.`,
      fix: "Log in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS or CLOUDSDK_AUTH_ACCESS_TOKEN_FILE.",
    };
  }
  if (/token file/i.test(words)) {
    return {
      detail: `${call} could not be asked: ${words}`,
      fix: "Write a valid access token into the file that CLOUDSDK_AUTH_ACCESS_TOKEN_FILE names.",
    };
  }
  if (/expired|invalid_grant|invalid_rapt|reauth/i.test(`${words} ${JSON.stringify(details)}`)) {
    return {
      detail: `${call} was not accepted: the Google Cloud credentials have expired (${name}).`,
      fix: "Log in again: `gcloud auth application-default login`; or renew the access token in its file.",
    };
  }
  return {
    detail: `${call} was not accepted: Google Cloud does not take the credentials (${name}).`,
    fix: "Log in again: `gcloud auth application-default login`; or renew the access token in its file.",
  };
}

function notSentWords({ name }: GcpFailure, call: string): Words {
  if (isCertificateCode(name)) {
    return {
      detail: `${call} was not sent: the certificate of the other side is not trusted (${name}).`,
      fix: "If a proxy of your own inspects TLS, give its CA in NODE_EXTRA_CA_CERTS. Otherwise do not go on.",
    };
  }
  return { detail: `${call} was not sent: no connection could be made (${name}).` };
}
