import * as z from "zod";
import { type LookFailure, type Seen, seen, unseen } from "../../core/model.ts";
import type { ProjectService } from "../../core/vendor.ts";
import { segment } from "./address.ts";
import { foreign } from "./answers.ts";
import { ask, type Client } from "./ask.ts";

/** Each service comes with all that Aiven knows of it: users, nodes, connection strings. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Detaches a service, and may be read where there is no CMK (page "Bring your own key", "Detach a CMK"). */
const NO_CMK = "00000000-0000-0000-0000-000000000000";

const service = z.object({
  service_name: z.string().regex(/^\w[\w.-]{0,199}$/),
  cmk_id: z.string().max(100).nullish(),
});
const listAnswer = z.object({ services: z.array(service).max(100_000) });
const oneAnswer = z.object({ service });

/**
 * Every service of a project, with the CMK that protects it. Of `cmk_id` the page says that a service's details carry
 * it, and nothing about the list: where the list leaves it out, each service is asked for itself.
 */
export async function projectServices(client: Client, project: string): Promise<Seen<readonly ProjectService[]>> {
  const path = `/v1/project/${segment("project", project)}/service`;
  const expected = "a list of services";
  const answer = await ask(client, {
    method: "GET",
    path,
    maxBytes: MAX_BYTES,
    schema: listAnswer,
    expected,
    oci: false,
  });
  if (!answer.ok) return unseen(answer.trouble.why);
  const found: ProjectService[] = [];
  for (const one of answer.value.services) {
    const name = one.service_name;
    const cmkId =
      one.cmk_id === undefined ? await cmkOf(client, `${path}/${segment("service", name)}`) : seen(one.cmk_id);
    if (!cmkId.known) return cmkId;
    found.push({ name, cmkId: cmkId.value === NO_CMK || cmkId.value === "" ? null : cmkId.value });
  }
  return seen(found);
}

async function cmkOf(client: Client, path: string): Promise<Seen<string | null>> {
  const expected = "a service with its cmk_id";
  const answer = await ask(client, {
    method: "GET",
    path,
    maxBytes: MAX_BYTES,
    schema: oneAnswer,
    expected,
    oci: false,
  });
  if (!answer.ok) return unseen(answer.trouble.why);
  const { cmk_id: cmkId } = answer.value.service;
  return cmkId === undefined ? unseen(notSaid(path)) : seen(cmkId);
}

/** A service whose details do not say it is not one without a CMK. */
function notSaid(path: string): LookFailure {
  return foreign(`GET ${path}`, "a service with its cmk_id", "service.cmk_id").why;
}
