import type { SandboxReply } from "../module.ts";
import { type Call, text } from "./call.ts";
import { findLiveCmk } from "./cmks.ts";
import { json, Refused, refusal } from "./replies.ts";
import { associationStatus, moveService, type StoredService } from "./world.ts";

/** Detaches, and then reads as null. */
const NO_CMK = "00000000-0000-0000-0000-000000000000";

function stateOf(call: Call, service: StoredService): string {
  const now = call.context.clock.now();
  const { knobs } = call.parts;
  const moving = service.associations
    .map((each) => associationStatus(service, each, now, knobs))
    .some((status) => status === "activating" || status === "deactivating");
  if (now.getTime() - Date.parse(service.created_at) < knobs.activatingMs) return "REBUILDING";
  return moving ? "REBALANCING" : "RUNNING";
}

function shown(call: Call, service: StoredService): Readonly<Record<string, unknown>> {
  const { service_name, service_type, plan, cloud_name, cmk_id } = service;
  return { service_name, service_type, plan, cloud_name, state: stateOf(call, service), cmk_id };
}

function find(call: Call): StoredService {
  const service = call.project.services.find((each) => each.service_name === call.name);
  if (service === undefined) throw new Refused(404, "Service does not exist");
  return service;
}

/** Undefined: not asked for. Null: none. */
function wantedCmk(call: Call): string | null | undefined {
  const id = call.body["cmk_id"];
  if (id === undefined) return undefined;
  if (typeof id !== "string") throw new Refused(400, "Invalid CMK ID", "invalid_cmk_id");
  return id === NO_CMK ? null : findLiveCmk(call.project, id).id;
}

export function listServices(call: Call): SandboxReply {
  const { cmkIdInServiceList } = call.parts.knobs;
  const services = call.project.services.map((service) => {
    const { cmk_id, ...rest } = shown(call, service);
    return cmkIdInServiceList ? { ...rest, cmk_id } : rest;
  });
  return json(200, { services });
}

export function createService(call: Call): SandboxReply {
  const name = text(call.body, "service_name", 64);
  if (call.project.services.some((each) => each.service_name === name)) {
    return refusal(409, "Service name is already in use in this project");
  }
  const wanted = wantedCmk(call);
  const now = call.context.clock.now();
  const service: StoredService = {
    service_name: name,
    service_type: text(call.body, "service_type", 64),
    plan: text(call.body, "plan", 128),
    cloud_name: call.body["cloud"] === undefined ? "aws-eu-west-1" : text(call.body, "cloud", 256),
    cmk_id: null,
    created_at: now.toISOString(),
    associations: [],
  };
  const cmkId = wanted === undefined ? (call.project.cmks.find((cmk) => cmk.default_cmk)?.id ?? null) : wanted;
  moveService(service, cmkId, now, call.parts.knobs);
  call.project.services.push(service);
  return json(201, { service: shown(call, service) });
}

export function getService(call: Call): SandboxReply {
  return json(200, { service: shown(call, find(call)) });
}

export function updateService(call: Call): SandboxReply {
  const service = find(call);
  const wanted = wantedCmk(call);
  if (wanted !== undefined) moveService(service, wanted, call.context.clock.now(), call.parts.knobs);
  return json(200, { service: shown(call, service) });
}
