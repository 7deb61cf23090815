import { PROJECTS } from "../cast.ts";
import { randomUuid } from "../ids.ts";
import type { SandboxContext } from "../module.ts";
import type { AivenKnobs } from "./knobs.ts";

export type CmkStatus = "current" | "old" | "deleted";

/** A CMK as it is stored and, field for field, as the page shows it. */
export interface StoredCmk {
  readonly id: string;
  readonly provider: string;
  default_cmk: boolean;
  readonly resource: string;
  status: CmkStatus;
  readonly created_at: string;
  updated_at: string;
}

/** A service on its way to a CMK or away from it. Where it has got to follows from the clock: nothing ticks. */
export interface StoredAssociation {
  readonly cmk_id: string;
  change: "activating" | "deactivating";
  since: string;
}

export interface StoredService {
  readonly service_name: string;
  readonly service_type: string;
  readonly plan: string;
  readonly cloud_name: string;
  cmk_id: string | null;
  readonly created_at: string;
  associations: StoredAssociation[];
}

export interface StoredProject {
  readonly name: string;
  accessors: Record<string, Record<string, string>>;
  /** Whether bring your own key is enabled; it is a feature to ask Aiven for. */
  feature: boolean;
  /** Whether the owner of the token may use the project at all. */
  member: boolean;
  readonly cmks: StoredCmk[];
  readonly services: StoredService[];
}

export interface AivenWorld {
  readonly projects: StoredProject[];
}

const LONG_AGO = "2026-01-01T00:00:00.000Z";

export function newProject(name: string): StoredProject {
  return { name, accessors: {}, feature: true, member: true, cmks: [], services: [] };
}

function service(name: string, type: string): StoredService {
  return {
    service_name: name,
    service_type: type,
    plan: "startup-4",
    cloud_name: "aws-eu-west-1",
    cmk_id: null,
    created_at: LONG_AGO,
    associations: [],
  };
}

/** The cast's projects, one that cannot use CMKs and one that the token's owner does not belong to. */
export function freshWorld(): AivenWorld {
  const projects = PROJECTS.map(({ name, accessors }): StoredProject => {
    const project = newProject(name);
    for (const [cloud, fields] of Object.entries(accessors)) project.accessors[cloud] = { ...fields };
    return project;
  });
  projects.find(({ name }) => name === "demo")?.services.push(service("my-pg", "pg"), service("my-kafka", "kafka"));
  projects.find(({ name }) => name === "second")?.services.push(service("other-pg", "pg"));
  projects.push({ ...newProject("no-feature"), feature: false }, { ...newProject("not-a-member"), member: false });
  return { projects };
}

export function addCmk(
  project: StoredProject,
  context: SandboxContext,
  fields: Pick<StoredCmk, "provider" | "resource" | "default_cmk" | "status">,
): StoredCmk {
  const now = context.clock.now().toISOString();
  const { provider, resource, status } = fields;
  const cmk: StoredCmk = {
    id: randomUuid(context.random),
    provider,
    default_cmk: false,
    resource,
    status,
    created_at: now,
    updated_at: now,
  };
  project.cmks.push(cmk);
  if (fields.default_cmk) setDefault(project, cmk, true);
  return cmk;
}

/** One default a project at most: it is taken from the others. */
export function setDefault(project: StoredProject, cmk: StoredCmk, isDefault: boolean): void {
  if (isDefault) for (const other of project.cmks) other.default_cmk = false;
  cmk.default_cmk = isDefault;
}

export type AssociationStatus = "active" | "activating" | "deactivating";

/** Null when the service has let go of the CMK. */
export function associationStatus(
  held: StoredService,
  association: StoredAssociation,
  now: Date,
  knobs: AivenKnobs,
): AssociationStatus | null {
  const stuck = knobs.stuckServices.includes(held.service_name);
  if (stuck || now.getTime() - Date.parse(association.since) < knobs.activatingMs) return association.change;
  return association.change === "activating" ? "active" : null;
}

/** Puts the service under another CMK, or under none: the one before is let go of, not dropped. */
export function moveService(held: StoredService, cmkId: string | null, now: Date, knobs: AivenKnobs): void {
  if (held.cmk_id === cmkId) return;
  const since = now.toISOString();
  const alive = held.associations.filter((each) => associationStatus(held, each, now, knobs) !== null);
  for (const each of alive) if (each.cmk_id === held.cmk_id) Object.assign(each, { change: "deactivating", since });
  held.associations = alive.filter((each) => each.cmk_id !== cmkId);
  if (cmkId !== null) held.associations.push({ cmk_id: cmkId, change: "activating", since });
  held.cmk_id = cmkId;
}
