import * as z from "zod";
import { type Registration, type Seen, seen, unseen } from "../../core/model.ts";
import type { Changed, ProjectService, UnregisterResult } from "../../core/vendor.ts";
import { segment } from "./address.ts";
import { foreign } from "./answers.ts";
import { type Answer, ask, type Client, cmk, cmksPath } from "./ask.ts";

/** Detaches a service, and then reads as null (page "Bring your own key", "Detach a CMK"). */
const NO_CMK = "00000000-0000-0000-0000-000000000000";
/** A service comes with all that Aiven knows of it. Bytes. */
const MAX_BYTES = 8 * 1024 * 1024;

const serviceAnswer = z.object({
  service: z.object({ service_name: z.string().max(200), cmk_id: z.string().max(100).nullish() }),
});

/** Makes the CMK the project's default. Setting it twice is as good as once. */
export async function setDefault(client: Client, registration: Registration): Promise<Changed> {
  const answer = await cmk(client, registration, { method: "POST", body: { default_cmk: true }, repeatable: true });
  if (!answer.ok) return { outcome: "unknown", why: answer.trouble.why };
  if (answer.value.default_cmk !== false) return { outcome: "done" };
  const path = `POST ${cmksPath(registration.project)}/${registration.id}`;
  return { outcome: "unknown", why: foreign(path, "a key that is the default", "cmk.default_cmk").why };
}

/** Puts a service under a CMK, or under none. The association follows in its own time: `services` shows how far it is. */
export async function moveService(
  client: Client,
  project: string,
  name: string,
  cmkId: string | null,
): Promise<Changed> {
  const answer = await callService(client, project, name, { cmk_id: cmkId ?? NO_CMK });
  if (!answer.ok) return { outcome: "unknown", why: answer.trouble.why };
  if (answer.value.cmkId === cmkId) return { outcome: "done" };
  const expected = cmkId === null ? "a service without a CMK" : `a service under CMK ${cmkId}`;
  return { outcome: "unknown", why: foreign(`PUT ${servicePath(project, name)}`, expected, "service.cmk_id").why };
}

/** A service and the CMK that it is under, or on its way to; null when Aiven says that there is no such service. */
export async function oneService(client: Client, project: string, name: string): Promise<Seen<ProjectService | null>> {
  const answer = await callService(client, project, name, null);
  if (answer.ok) return seen(answer.value);
  return answer.trouble.kind === "absent" ? seen(null) : unseen(answer.trouble.why);
}

async function callService(
  client: Client,
  project: string,
  name: string,
  body: object | null,
): Promise<Answer<ProjectService>> {
  const path = servicePath(project, name);
  const call = body === null ? ({ method: "GET" } as const) : ({ method: "PUT", body, repeatable: true } as const);
  const expected = "the service that was asked for";
  const answer = await ask(client, { ...call, path, maxBytes: MAX_BYTES, schema: serviceAnswer, expected, oci: false });
  if (!answer.ok) return answer;
  const { service_name, cmk_id } = answer.value.service;
  const asked = `${call.method} ${path}`;
  if (service_name !== name) return { ok: false, trouble: foreign(asked, expected, "service.service_name") };
  if (cmk_id === undefined) return { ok: false, trouble: foreign(asked, "a service with its CMK", "service.cmk_id") };
  return { ok: true, value: { name, cmkId: cmk_id === NO_CMK || cmk_id === "" ? null : cmk_id } };
}

/**
 * Takes the registration out. Aiven refuses with 409 while a service is on the CMK, on its way to it or away from it.
 * When the answer was lost, what is there now decides.
 */
export async function unregister(client: Client, registration: Registration): Promise<UnregisterResult> {
  const answer = await cmk(client, registration, { method: "DELETE", repeatable: true });
  if (answer.ok) return { outcome: "done" };
  const { kind, why, passing } = answer.trouble;
  if (kind === "conflict") return { outcome: "in-use", detail: why.detail };
  if (kind === "absent") return { outcome: "done" };
  if (!passing) return { outcome: "unknown", why };
  const now = await cmk(client, registration, { method: "GET" });
  const isGone = now.ok ? now.value.status === "deleted" : now.trouble.kind === "absent";
  return isGone ? { outcome: "done" } : { outcome: "unknown", why };
}

function servicePath(project: string, name: string): string {
  return `/v1/project/${segment("project", project)}/service/${segment("service", name)}`;
}
