import { type LookCode, type LookFailure, type Seen, seen, unseen } from "../../core/model.ts";
import { type Asked, type FailureKind, isCertificateCode, type OciFailure, readFailure } from "./errors.ts";

/** What a call answers, or why it could not be asked. Mistakes of our own are not caught. */
export async function look<T>(asked: Asked, call: () => Promise<T>): Promise<Seen<T>> {
  try {
    return seen(await call());
  } catch (error) {
    return unseen(lookFailure(readFailure(error), asked));
  }
}

/** The failure as the reason why something could not be looked at. */
export function lookFailure(failure: OciFailure, asked: Asked): LookFailure {
  const call = `${asked.call}${asked.about ?? ""}`;
  const why = describeFailure(failure, asked, call);
  return { code: LOOK_CODE[failure.kind], ...why, ...(failure.fix === undefined ? {} : { fix: failure.fix }) };
}

const LOOK_CODE: Readonly<Record<FailureKind, LookCode>> = {
  "absent-or-denied": "look.absent-or-denied",
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
  timeout: "look.timeout",
  deadline: "look.timeout",
  conflict: "look.unsupported",
  stale: "look.unsupported",
  invalid: "look.unsupported",
  unsupported: "look.unsupported",
  unknown: "look.unsupported",
};

type Words = Omit<LookFailure, "code">;

function describeFailure(failure: OciFailure, asked: Asked, call: string): Words {
  const { kind, name, words } = failure;
  switch (kind) {
    case "absent-or-denied":
      return {
        detail: `${call} was answered with ${name}: either it does not exist, or the caller may not see it.`,
        fix: `Check the OCID and its region first; if they are right, ${permissionAdvice(asked)}`,
      };
    case "denied":
      return { detail: `${call} was refused: ${words} (${name}).`, fix: `${capital(permissionAdvice(asked))}` };
    case "credentials":
      return credentialWords(failure, call);
    case "clock":
      return {
        detail: `${call} was not accepted: the clock of this machine and that of OCI do not agree.`,
        fix: "Set the clock of this machine (NTP), then try again.",
      };
    case "misconfigured":
      return {
        detail: `${call} was asked in the wrong place: ${words || name}.`,
        fix: "Check the key's region, --oci-vault, --oci-management-endpoint, --oci-crypto-endpoint and KEYGRANT_OCI_ENDPOINT.",
      };
    case "throttled":
    case "limit":
      return { detail: `${call} was throttled (${name}).` };
    case "not-sent":
      return notSentWords(failure, call);
    case "cut-off":
      return { detail: `${call} got no answer: the connection was cut (${name}).` };
    case "timeout":
      return { detail: `${call} got no answer in time.` };
    case "deadline":
      return { detail: `${call} was given up: the time for the whole command was over.` };
    case "foreign":
      return {
        detail: `${call} was answered by something that is not OCI (${words || name}): a proxy, a login page or another service.`,
        fix: "Check HTTPS_PROXY, NO_PROXY and the endpoints (KEYGRANT_OCI_ENDPOINT, --oci-vault, …).",
      };
    case "server":
      return { detail: `${call} failed inside OCI (${name}).` };
    case "conflict":
    case "stale":
    case "invalid":
    case "unsupported":
    case "unknown":
      return { detail: `${call} was answered with ${name}: ${words}` };
  }
}

function permissionAdvice({ needs }: Asked): string {
  return needs === undefined
    ? "give the caller the permission for it (see docs/permissions.md)."
    : `let the caller \`${needs}\` (see docs/permissions.md).`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function credentialWords({ name, words }: OciFailure, call: string): Words {
  if (name === "no credentials") {
    return {
      detail: `${call} could not be asked: ${words}.`,
      fix: "Set OCI_CLI_PROFILE and OCI_CLI_CONFIG_FILE, or OCI_CLI_AUTH for a principal without a file (`oci setup config` makes one).",
    };
  }
  return {
    detail: `${call} was not accepted: OCI does not take the credentials (${name}).`,
    fix: "Check the user, fingerprint and key file of the profile; renew a session with `oci session refresh`; check the clock.",
  };
}

function notSentWords({ name }: OciFailure, call: string): Words {
  if (isCertificateCode(name)) {
    return {
      detail: `${call} was not sent: the certificate of the other side is not trusted (${name}).`,
      fix: "If a proxy of your own inspects TLS, give its CA in NODE_EXTRA_CA_CERTS. Otherwise do not go on.",
    };
  }
  return { detail: `${call} was not sent: no connection could be made (${name}).` };
}
