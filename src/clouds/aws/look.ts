import type { LookCode, LookFailure } from "../../core/model.ts";
import { type Asked, type AwsFailure, type FailureKind, isCertificateCode, ROLE_NOT_ASSUMED } from "./errors.ts";

/** The failure as the reason why something could not be looked at. */
export function lookFailure(failure: AwsFailure, asked: Asked): LookFailure {
  const call = `${asked.call}${asked.about ?? ""}`;
  const why = describeFailure(failure, asked, call);
  return { code: LOOK_CODE[failure.kind], ...why };
}

const LOOK_CODE: Readonly<Record<FailureKind, LookCode>> = {
  absent: "look.absent-or-denied",
  "not-found": "look.absent-or-denied",
  denied: "look.denied",
  credentials: "look.credentials",
  clock: "look.credentials",
  misconfigured: "look.misconfigured",
  throttled: "look.throttled",
  limit: "look.throttled",
  "not-sent": "look.unreachable",
  "cut-off": "look.unreachable",
  foreign: "look.unreachable",
  server: "look.unreachable",
  busy: "look.unreachable",
  timeout: "look.timeout",
  deadline: "look.timeout",
  unsupported: "look.unsupported",
  "key-state": "look.unsupported",
  "key-usage": "look.unsupported",
  ciphertext: "look.unsupported",
  "bad-policy": "look.unsupported",
  unknown: "look.unsupported",
};

type Words = Omit<LookFailure, "code">;

function describeFailure(failure: AwsFailure, asked: Asked, call: string): Words {
  const { kind, name, words } = failure;
  switch (kind) {
    case "denied":
      return deniedWords(words, asked, call);
    case "credentials":
      return credentialWords(failure, call);
    case "clock":
      return {
        detail: `${call} was not accepted: the clock of this machine and that of AWS do not agree.`,
        fix: "Set the clock of this machine (NTP), then try again.",
      };
    case "misconfigured":
      return {
        detail: `${call} was asked in the wrong place: ${words}.`,
        fix: "Check that AWS_ENDPOINT_URL_KMS (or AWS_ENDPOINT_URL) and the region belong to the key.",
      };
    case "throttled":
    case "limit":
      return { detail: `${call} was throttled by AWS (${name}).` };
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
        detail: `${call} was answered by something that is not AWS (${name}): a proxy, a login page or another service.`,
        fix: "Check HTTPS_PROXY, NO_PROXY and the endpoints (AWS_ENDPOINT_URL_KMS, …).",
      };
    case "server":
      return { detail: `${call} failed inside AWS (${name}).` };
    case "busy":
      return { detail: `${call} could not be served now: ${words} (${name}).` };
    case "absent":
    case "not-found":
    case "unsupported":
    case "key-state":
    case "key-usage":
    case "ciphertext":
    case "bad-policy":
    case "unknown":
      return { detail: `${call} was answered with ${name}: ${words}` };
  }
}

function deniedWords(words: string, asked: Asked, call: string): Words {
  const permission = `${asked.service}:${asked.call}`;
  // "… because no resource-based policy allows the kms:GetKeyPolicy action", "… with an explicit deny in a service
  // control policy": the part that helps; what stands before names the caller's session, different each time.
  const reason = /\b(?:because (.+)|(with an explicit deny .+))$/.exec(words);
  const why = reason?.[1] ?? reason?.[2];
  return {
    detail: `${call} was refused: the caller lacks ${permission}${why === undefined ? "" : ` (${why})`}.`,
    fix: /explicit deny/.test(words)
      ? `Somebody denies ${permission} explicitly: ask whoever wrote that policy.`
      : `Give the caller ${permission} (see docs/permissions.md).`,
  };
}

function credentialWords({ name, words }: AwsFailure, call: string): Words {
  if (/sso/i.test(words)) {
    return {
      detail: `${call} could not be asked: the session of IAM Identity Center (SSO) is missing or over.`,
      fix: "Log in again: `aws sso login`.",
    };
  }
  if (name === ROLE_NOT_ASSUMED) {
    return {
      detail: `${call} could not be asked: ${words}`,
      fix: "Let the caller assume the role (its trust policy, and sts:AssumeRole for the caller), or name another under aws in the configuration.",
    };
  }
  if (name === "CredentialsProviderError" || name === "TokenProviderError" || name === "ProviderError") {
    return {
      detail: `${call} could not be asked: no AWS credentials were found.`,
      fix: "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with the AWS CLI.",
    };
  }
  if (/^expired/i.test(name) || /expired/i.test(words)) {
    return {
      detail: `${call} was not accepted: the AWS credentials have expired (${name}).`,
      fix: "Renew the session that the credentials come from, then try again.",
    };
  }
  if (name === "UnrecognizedClientException" || name === "OptInRequired" || name === "InvalidClientTokenId") {
    return {
      detail: `${call} was not accepted: AWS does not know the credentials here (${name}).`,
      fix: "Check the credentials and, for a region that is off by default, that it is enabled for the account.",
    };
  }
  return {
    detail: `${call} was not accepted: AWS does not take the credentials (${name}).`,
    fix: "Check the access key and its secret, and that nothing on the way alters requests.",
  };
}

function notSentWords({ name }: AwsFailure, call: string): Words {
  if (isCertificateCode(name)) {
    return {
      detail: `${call} was not sent: the certificate of the other side is not trusted (${name}).`,
      fix: "If a proxy of your own inspects TLS, give its CA in NODE_EXTRA_CA_CERTS. Otherwise do not go on.",
    };
  }
  return { detail: `${call} was not sent: no connection could be made (${name}).` };
}
