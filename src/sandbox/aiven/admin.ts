import type { SandboxContext, SandboxReply, SandboxRequest } from "../module.ts";
import { isRecord, optionalFlag, text } from "./call.ts";
import { findCmk } from "./cmks.ts";
import { json, Refused } from "./replies.ts";
import { type AivenWorld, addCmk, type CmkStatus, newProject, type StoredProject, setDefault } from "./world.ts";

type Body = Readonly<Record<string, unknown>>;

const STATUSES: readonly CmkStatus[] = ["current", "old", "deleted"];

/** `{name, accessors?, feature?, member?}`: makes or changes a project, its accessors cloud by cloud; null: none. */
function putProject(world: AivenWorld, body: Body): SandboxReply {
  const name = text(body, "name", 64);
  const accessors = accessorsIn(body);
  const feature = optionalFlag(body, "feature");
  const member = optionalFlag(body, "member");
  const known = world.projects.find((each) => each.name === name);
  const project = known ?? newProject(name);
  if (known === undefined) world.projects.push(project);
  for (const [cloud, fields] of accessors) {
    if (fields === null) delete project.accessors[cloud];
    else project.accessors[cloud] = fields;
  }
  if (feature !== null) project.feature = feature;
  if (member !== null) project.member = member;
  return json(200, {
    project: { name, accessors: project.accessors, feature: project.feature, member: project.member },
  });
}

type Fields = Record<string, string>;

function accessorsIn(body: Body): readonly (readonly [string, Fields | null])[] {
  const given = body["accessors"] ?? {};
  if (!isRecord(given)) throw new Refused(400, "accessors must be {<cloud>: {<field>: <text>}}");
  return Object.entries(given).map(([cloud, fields]) => [cloud, fields === null ? null : fieldsOf(cloud, fields)]);
}

function fieldsOf(cloud: string, fields: unknown): Fields {
  const texts = isRecord(fields) ? Object.entries(fields) : [];
  if (texts.length === 0 || !texts.every(isText)) {
    throw new Refused(400, `the accessor of ${cloud} must be {<field>: <text>}, or null`);
  }
  return Object.fromEntries(texts.filter(isText));
}

function isText(entry: readonly [string, unknown]): entry is [string, string] {
  return typeof entry[1] === "string";
}

/** `{project, id, …}` changes a CMK; `{project, provider, resource, …}` puts one there without using its key. */
function putCmk(world: AivenWorld, body: Body, context: SandboxContext): SandboxReply {
  const project = projectNamed(world, text(body, "project", 64));
  const isDefault = optionalFlag(body, "default_cmk");
  const status = STATUSES.find((each) => each === (body["status"] ?? "current"));
  if (status === undefined) throw new Refused(400, `status must be one of ${STATUSES.join(", ")}`);
  if (body["id"] === undefined) {
    const provider = text(body, "provider", 64);
    const resource = text(body, "resource", 512);
    return json(200, {
      cmk: addCmk(project, context, { provider, resource, status, default_cmk: isDefault ?? false }),
    });
  }
  const cmk = findCmk(project, text(body, "id", 64));
  if (body["status"] !== undefined) cmk.status = status;
  if (isDefault !== null) setDefault(project, cmk, isDefault);
  return json(200, { cmk });
}

function projectNamed(world: AivenWorld, name: string): StoredProject {
  const project = world.projects.find((each) => each.name === name);
  if (project === undefined) throw new Refused(404, `no project ${name}`);
  return project;
}

export function administer(
  world: AivenWorld,
  request: SandboxRequest,
  body: Body,
  context: SandboxContext,
): SandboxReply | null {
  if (request.method !== "POST") return null;
  if (request.path === "/_sandbox/project") return putProject(world, body);
  if (request.path === "/_sandbox/cmk") return putCmk(world, body, context);
  return null;
}
