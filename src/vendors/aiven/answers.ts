import type { LookCode, LookFailure } from "../../core/model.ts";
import type { HttpFailure, StatusFailure } from "../../io/http.ts";
import { readError } from "./wire.ts";

/** What an answer that is no success means. The only place where statuses and words of Aiven's are read. */
export interface Trouble {
  readonly kind: /** Aiven tried to use the key and was refused. */
    | "refused"
    | "project-not-found"
    /** Aiven itself says that the thing that was asked for does not exist. */
    | "absent"
    /** 409: it exists already. */
    | "conflict"
    | "other";
  readonly why: LookFailure;
  /** Whether the same call may well succeed later; where it changes something, it may also have been done. */
  readonly passing: boolean;
  /** What Aiven asked for by `Retry-After`. */
  readonly retryAfterMs: number | null;
}

/** What was called: "GET /v1/project/demo/secrets/cmks". */
export type Asked = string;

const ASK_SUPPORT =
  "If the key reference and the policy are right, the key's region may not be available for BYOK: ask Aiven support.";

/** Reads a failed call. `oci`: whether it is about an OCI key, where Aiven's page warns of generic errors. */
export function judge(asked: Asked, failure: HttpFailure, oci: boolean): Trouble {
  if (failure.kind === "status") return judgeStatus(asked, failure, oci);
  return { kind: "other", why: unheard(asked, failure), passing: mayPass(failure), retryAfterMs: null };
}

/** A 2xx that is not `expected`. `where` is the first place at which it differs. */
export function unexpected(
  asked: Asked,
  { status, json }: { readonly status: number; readonly json: unknown },
  { expected, where, oci }: { readonly expected: string; readonly where: string; readonly oci: boolean },
): Trouble {
  // A refusal in the clothes of a success: which status goes with one is on no page.
  return readError(json)?.cannotUseKey
    ? judgeStatus(asked, { ok: false, kind: "status", status, json, retryAfterMs: null }, oci)
    : foreign(asked, expected, where);
}

/** A 2xx that says something else than it should. Whatever was asked may have been done. */
export function foreign(asked: Asked, expected: string, where: string): Trouble {
  const detail = `Aiven answered something else than ${expected} to ${asked}${where === "" ? "" : ` (see ${where})`}.`;
  return { kind: "other", why: look("look.unreachable", detail), passing: true, retryAfterMs: null };
}

function judgeStatus(asked: Asked, failure: StatusFailure, oci: boolean): Trouble {
  const { status, json, retryAfterMs } = failure;
  const error = readError(json);
  const passing = status === 408 || status === 429 || status >= 500;
  const other = { kind: "other", passing, retryAfterMs } as const;
  // The words that go with a 429 count requests and seconds: they would be new every time.
  if (error === null || status === 429) return { ...other, why: withoutWords(asked, status) };

  const detail = `Aiven answered ${status} to ${asked}: ${error.words}`;
  // The status that goes with these words is on no page: the words decide, whatever it is.
  if (error.cannotUseKey) {
    const why = look("look.misconfigured", oci ? `${detail}. ${ASK_SUPPORT}` : detail);
    return { ...other, kind: "refused", why, passing: false };
  }
  if (status === 404) {
    const project = error.codes.includes("project_not_found");
    const why = look("look.misconfigured", detail, project ? CHECK_PROJECT : "Check the project and the id.");
    return { ...other, kind: project ? "project-not-found" : error.itemised ? "absent" : "other", why };
  }
  const code = error.codes.includes("feature_not_enabled") ? "look.unsupported" : codeOf(status, error.words);
  const fix = code === "look.misconfigured" && oci ? ASK_SUPPORT : FIXES[code];
  return { ...other, kind: status === 409 ? "conflict" : "other", why: look(code, detail, fix) };
}

const CHECK_PROJECT = "Check the project's name, and that the token's owner is a member of it.";

const FIXES: Readonly<Partial<Record<LookCode, string>>> = {
  "look.credentials": "Renew the token (AIVEN_AUTH_TOKEN or AIVEN_TOKEN), or log in again with `avn user login`.",
  "look.denied": "Give the token's owner the `operator` role on the project.",
  "look.unsupported": "Ask Aiven to enable BYOK for the project: it is a BYOC enterprise feature.",
  "look.misconfigured": "See what Aiven said, then check the key reference and the project.",
};

/** Not JSON, or JSON that is not Aiven's: a gateway, a proxy, a captive portal. Its 403 is not Aiven's 403. */
function withoutWords(asked: Asked, status: number): LookFailure {
  if (status === 429) return look("look.throttled", `Aiven asked to slow down (429) at ${asked}.`);
  if (status === 408) return look("look.timeout", `Aiven answered 408 (time-out) to ${asked}.`);
  if (status >= 300 && status < 400) {
    return look(
      "look.unreachable",
      `${asked} was answered with a redirect (${status}), which is not followed.`,
      "Check the vendor's address (AIVEN_WEB_URL): it is the origin, without /v1.",
    );
  }
  const detail = `${asked} was answered with ${status} and a body that is not one of Aiven's errors.`;
  if (status === 407)
    return look("look.unreachable", detail, "The proxy wants credentials: put them into HTTPS_PROXY.");
  return look("look.unreachable", detail);
}

function codeOf(status: number, words: string): LookCode {
  if (status === 401) return "look.credentials";
  // Aiven is known to say "Invalid token" with a 403 as well.
  if (status === 403 && /\b(invalid|expired)\b.*\btoken\b/i.test(words)) return "look.credentials";
  if (status === 403) return "look.denied";
  if (status === 408) return "look.timeout";
  return status >= 400 && status < 500 ? "look.misconfigured" : "look.unreachable";
}

/** Nobody's words: no answer, or one that could not be read. */
function unheard(asked: Asked, failure: Exclude<HttpFailure, StatusFailure>): LookFailure {
  switch (failure.kind) {
    case "timeout":
      return look(
        "look.timeout",
        failure.deadline ? `The deadline came before an answer to ${asked}.` : `No answer to ${asked} came in time.`,
      );
    case "not-json":
      return look("look.unreachable", `${asked} was answered with ${failure.status} and something that is not JSON.`);
    case "too-large":
      return look("look.unreachable", `The answer to ${asked} was larger than any that Aiven gives.`);
    case "network":
      return failure.trust
        ? look(
            "look.unreachable",
            `${asked} failed: the other side's certificate is not trusted (${failure.code}).`,
            "If a private certificate authority is in use, name its file in AIVEN_CA_CERT.",
          )
        : look(
            "look.unreachable",
            `${asked} failed: ${NETWORK_WORDS[failure.code] ?? "no connection"} (${failure.code}).`,
          );
  }
}

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ENOTFOUND: "the host's name was not found",
  EAI_AGAIN: "the host's name could not be looked up",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
};

function mayPass(failure: HttpFailure): boolean {
  if (failure.kind === "timeout") return !failure.deadline;
  return failure.kind === "network" ? !failure.trust : true;
}

function look(code: LookCode, detail: string, fix?: string): LookFailure {
  return fix === undefined ? { code, detail } : { code, detail, fix };
}
