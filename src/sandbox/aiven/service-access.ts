import type { SandboxContext, SandboxReply } from "../module.ts";
import type { AivenParts } from "./call.ts";
import { json } from "./replies.ts";
import { type AivenWorld, associationStatus, type StoredProject, type StoredService } from "./world.ts";

/**
 * What each service could decrypt at this moment: it needs every CMK that it holds data under, so each one that it is
 * active on or has not let go of yet, registered still, and usable by the vendor's own principal over HTTP. A service
 * on its way to its first CMK holds nothing under it yet.
 */
export async function serviceAccess(
  world: AivenWorld,
  context: SandboxContext,
  parts: AivenParts,
): Promise<SandboxReply> {
  const all = world.projects.flatMap((project) => project.services.map((service) => ({ project, service })));
  const services = await Promise.all(all.map(({ project, service }) => accessOf(project, service, context, parts)));
  return json(200, { services });
}

async function accessOf(project: StoredProject, service: StoredService, context: SandboxContext, parts: AivenParts) {
  const now = context.clock.now();
  const held = service.associations
    .map(({ cmk_id, ...rest }) => ({
      cmk_id,
      status: associationStatus(service, { cmk_id, ...rest }, now, parts.knobs),
    }))
    .filter(({ status }) => status === "active" || status === "deactivating");
  const keys = await Promise.all(held.map((one) => keyOf(project, one.cmk_id, context, parts)));
  return { service: service.service_name, works: keys.every((one) => one.usable), keys };
}

async function keyOf(project: StoredProject, id: string, context: SandboxContext, parts: AivenParts) {
  const cmk = project.cmks.find((one) => one.id === id);
  const accessor = cmk && project.accessors[cmk.provider];
  const use = cmk && parts.use[cmk.provider];
  if (cmk === undefined || cmk.status === "deleted" || use === undefined || accessor === undefined) {
    return { cmk: id, usable: false };
  }
  return { cmk: id, usable: (await use(accessor, cmk.resource, context)).ok };
}
