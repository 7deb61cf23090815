import { type KeygrantError, LookError, usageError } from "../../core/errors.ts";
import { codeEntry } from "../../core/findings.ts";
import type { KeyFacts, LookFailure, Registration, Seen, ServiceUse, VendorAnswer } from "../../core/model.ts";
import { seen, unseen } from "../../core/model.ts";
import type { AccessorAnswer, AccessorAsk, RegisterOptions, RegisterResult, Vendor } from "../../core/vendor.ts";
import { createHttp, type HttpDeps, pause, pauseMs } from "../../io/http.ts";
import { address, authorization, segment } from "./address.ts";
import { foreign, type Trouble } from "./answers.ts";
import { type Answer, ask, type Client, cmk, cmksPath } from "./ask.ts";
import { moveService, oneService, setDefault, unregister } from "./changes.ts";
import { aivenCheckup } from "./checkup.ts";
import { projectServices } from "./project-services.ts";
import {
  accessorFields,
  accessorsAnswer,
  cmkAnswer,
  cmksAnswer,
  servicesAnswer,
  toRegistration,
  toServices,
} from "./wire.ts";

export interface AivenSettings extends HttpDeps {
  /** The origin of the API, without `/v1`. Default https://api.aiven.io. */
  readonly webUrl?: string | undefined;
  readonly token: string;
}

/** How often a key is sent to be registered at most, within one call of `register`. */
const REGISTER_ATTEMPTS = 4;
/** The longest key reference that Aiven takes, in characters (docs, "Register CMK resource identifier"). */
const MAX_RESOURCE = 512;

/** Aiven, "bring your own key": https://aiven.io/docs/platform/howto/bring-your-own-key. No I/O. */
export function createAiven(settings: AivenSettings): Vendor {
  const http = createHttp({
    agents: settings.agents,
    clock: settings.clock,
    jitter: settings.jitter,
    timeoutMs: settings.timeoutMs,
    signal: settings.signal,
    baseUrl: address(settings.webUrl),
    headers: { authorization: authorization(settings.token) },
    secrets: [settings.token],
  });
  const client: Client = { http, deps: settings };
  return {
    id: "aiven",
    clouds: ["aws", "gcp", "oci", "azure"],
    accessors: (ask) => accessors(client, ask),
    registrations: (project) => registrations(client, project),
    register: (facts, options) => register(client, facts, options),
    check: (registration) => check(client, registration),
    get: (project, id) => get(client, project, id),
    services: (registration) => services(client, registration),
    projectServices: (project) => projectServices(client, project),
    service: (project, name) => oneService(client, project, name),
    setDefault: (registration) => setDefault(client, registration),
    attach: (project, service, registration) => moveService(client, project, service, registration.id),
    detach: (project, service) => moveService(client, project, service, null),
    unregister: (registration) => unregister(client, registration),
    checkup: aivenCheckup({
      origin: address(settings.webUrl),
      list: async (project) => troubleOf(await list(client, project)),
      accessors: async (project) => troubleOf(await askAccessors(client, project)),
    }),
  };
}

function troubleOf(answer: Answer<unknown>): Trouble | null {
  return answer.ok ? null : answer.trouble;
}

function askAccessors(client: Client, project: string) {
  const path = `${cmksPath(project)}/accessors`;
  return ask(client, { method: "GET", path, schema: accessorsAnswer, expected: "a list of accessors", oci: false });
}

async function accessors(client: Client, { project, cloud }: AccessorAsk): Promise<AccessorAnswer> {
  const path = `${cmksPath(project)}/accessors`;
  const answer = await askAccessors(client, project);
  if (!answer.ok) throw unasked(answer.trouble, project);
  const fields = accessorFields(answer.value.accessors, cloud);
  if (fields === "none") {
    throw lookError({
      code: "look.unsupported",
      detail: `Aiven names no principal for ${cloud} in project ${project} (GET ${path}).`,
      fix: "Ask Aiven whether BYOK is enabled for the project, and on which clouds.",
    });
  }
  if (fields === "unclear") throw lookError(foreign(`GET ${path}`, `one complete principal for ${cloud}`, "").why);
  return { accessors: [{ cloud, fields }] };
}

async function* registrations(client: Client, project: string): AsyncIterable<Registration> {
  const answer = await list(client, project);
  if (!answer.ok) throw unasked(answer.trouble, project);
  yield* answer.value;
}

async function list(client: Client, project: string): Promise<Answer<readonly Registration[]>> {
  const path = cmksPath(project);
  const answer = await ask(client, { method: "GET", path, schema: cmksAnswer, expected: "a list of keys", oci: false });
  return answer.ok ? { ok: true, value: answer.value.cmks.map((cmk) => toRegistration(project, cmk)) } : answer;
}

/**
 * Finds before it creates, and finds again before it tries again: after a time-out, a reset, a 5xx or a broken answer
 * nobody knows whether Aiven has registered the key, and a second POST might register it a second time.
 */
async function register(client: Client, facts: KeyFacts, options: RegisterOptions): Promise<RegisterResult> {
  const { id: resource } = facts.ref;
  if (resource.length > MAX_RESOURCE) {
    const detail = `Aiven takes key references of at most ${MAX_RESOURCE} characters: ${resource.slice(0, 80)}… is longer.`;
    return { outcome: "unknown", why: { code: "look.misconfigured", detail, fix: "Use the key's own reference." } };
  }
  let last: Trouble | null = null;
  let mayBeDone = false;
  for (let attempt = 1; ; attempt++) {
    const known = await list(client, options.project);
    if (!known.ok) return undecided(known.trouble, mayBeDone ? last : null);
    const found = match(known.value, resource);
    if (found !== undefined) return settleDefault(client, found, options, mayBeDone);
    // A conflict with nothing in this list is with another project: asking again would not end it.
    if (last !== null && (last.kind === "conflict" || attempt > REGISTER_ATTEMPTS)) return undecided(last, null);

    const answer = await create(client, facts, options);
    if (answer.ok) return { outcome: "registered", registration: answer.value, created: true };
    last = answer.trouble;
    if (last.kind === "refused") return { outcome: "refused", detail: last.why.detail };
    if (last.kind === "conflict") continue;
    if (!last.passing) return undecided(last, null);
    mayBeDone ||= last.why.code !== "look.throttled";
    const ms = pauseMs(attempt, last.retryAfterMs, client.deps.jitter);
    if (!(await pause(client.deps, ms))) return undecided(last, null);
  }
}

async function create(
  client: Client,
  { ref }: KeyFacts,
  { project, default: asDefault }: RegisterOptions,
): Promise<Answer<Registration>> {
  const path = cmksPath(project);
  const answer = await ask(client, {
    method: "POST",
    path,
    body: { provider: ref.cloud, resource: ref.id, default_cmk: asDefault },
    schema: cmkAnswer,
    expected: "the key that was registered",
    oci: ref.cloud === "oci",
  });
  if (!answer.ok) return answer;
  const { cmk } = answer.value;
  if (cmk.resource !== ref.id) {
    return { ok: false, trouble: foreign(`POST ${path}`, "the key that was registered", "cmk.resource") };
  }
  return { ok: true, value: toRegistration(project, cmk) };
}

/** Of several registrations of one key the current one counts. */
function match(registrations: readonly Registration[], resource: string): Registration | undefined {
  const live = registrations.filter((one) => one.resource === resource && one.status !== "deleted");
  return live.find((one) => one.status === "current") ?? live[0];
}

/** The default is only ever set, never taken away: somebody else may have set it. */
async function settleDefault(
  client: Client,
  found: Registration,
  options: RegisterOptions,
  created: boolean,
): Promise<RegisterResult> {
  if (!options.default || found.default) return { outcome: "registered", registration: found, created };
  const body = { default_cmk: true };
  const answer = await cmk(client, found, { method: "POST", body, repeatable: true });
  if (answer.ok && answer.value.default_cmk !== false) {
    return { outcome: "registered", registration: { ...found, default: true }, created };
  }
  if (!answer.ok && answer.trouble.kind === "refused") {
    return { outcome: "refused", detail: answer.trouble.why.detail };
  }
  const why = answer.ok
    ? foreign(`POST ${cmksPath(found.project)}/${found.id}`, "a key that is the default", "cmk.default_cmk").why
    : answer.trouble.why;
  const detail = `The key is registered (${found.id}), but was not made the default. ${why.detail}`;
  return { outcome: "unknown", why: { ...why, detail } };
}

/** `before`: the trouble of a POST whose result is not known, when it was the list that failed. */
function undecided(trouble: Trouble, before: Trouble | null): RegisterResult {
  if (before === null) return { outcome: "unknown", why: trouble.why };
  const detail = `${before.why.detail} Whether the key is registered now is not known: ${trouble.why.detail}`;
  return { outcome: "unknown", why: { ...trouble.why, detail } };
}

/** Aiven's access check has no verdict field: a success says only that it was asked for. */
async function check(client: Client, registration: Registration): Promise<VendorAnswer> {
  // Repeating it leaves one more line in the key's audit log, and nothing else.
  const answer = await cmk(client, registration, { method: "POST", body: {}, repeatable: true }, "/access_check");
  if (answer.ok) {
    return { answer: "no-answer", detail: "Aiven took the access check and its answer has no verdict.", why: null };
  }
  const { kind, why } = answer.trouble;
  return kind === "refused"
    ? { answer: "refused", detail: why.detail }
    : { answer: "no-answer", detail: why.detail, why };
}

async function get(client: Client, project: string, id: string): Promise<Seen<Registration | null>> {
  const answer = await cmk(client, { project, id }, { method: "GET" });
  if (answer.ok) return seen(toRegistration(project, answer.value));
  return answer.trouble.kind === "absent" ? seen(null) : unseen(answer.trouble.why);
}

async function services(client: Client, registration: Registration): Promise<Seen<readonly ServiceUse[]>> {
  const path = `${cmksPath(registration.project)}/${segment("CMK id", registration.id)}/service_associations`;
  const answer = await ask(client, {
    method: "GET",
    path,
    schema: servicesAnswer,
    expected: "a list of services",
    oci: false,
  });
  return answer.ok ? seen(toServices(answer.value)) : unseen(answer.trouble.why);
}

function unasked({ kind, why }: Trouble, project: string): KeygrantError {
  if (kind !== "project-not-found") return lookError(why);
  return usageError(
    "vendor.project-not-found",
    `Aiven knows no project ${project}, or the token may not see it. ${why.detail}`,
    why.fix ?? "",
  );
}

function lookError(why: LookFailure): LookError {
  return new LookError(why, codeEntry(why.code)?.fix ?? "");
}
