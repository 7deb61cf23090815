import { OWNER_TOKEN } from "../cast.ts";
import type { SandboxContext, SandboxModule, SandboxReply, SandboxRequest } from "../module.ts";
import { administer } from "./admin.ts";
import { type AivenParts, type Handler, isRecord } from "./call.ts";
import {
  checkAccess,
  deleteCmk,
  getCmk,
  listAccessors,
  listAssociations,
  listCmks,
  registerCmk,
  updateCmk,
} from "./cmks.ts";
import { Refused, refusal } from "./replies.ts";
import { serviceAccess } from "./service-access.ts";
import { createService, getService, listServices, updateService } from "./services.ts";
import { type AivenWorld, freshWorld, type StoredProject } from "./world.ts";

interface Route {
  /** Aiven's operation id, from the generated client. */
  readonly operation: string;
  readonly method: string;
  /** Behind `/v1/project/{project}`; `*` is the one variable part. */
  readonly path: readonly string[];
  readonly run: Handler;
}

function route(operation: string, method: string, path: string, run: Handler): Route {
  return { operation, method, path: path.split("/"), run };
}

const ROUTES: readonly Route[] = [
  route("CMKAccessorsList", "GET", "secrets/cmks/accessors", listAccessors),
  route("CMKList", "GET", "secrets/cmks", listCmks),
  route("CMKCreate", "POST", "secrets/cmks", registerCmk),
  route("CMKGet", "GET", "secrets/cmks/*", getCmk),
  route("CMKUpdate", "POST", "secrets/cmks/*", updateCmk),
  route("CMKDelete", "DELETE", "secrets/cmks/*", deleteCmk),
  route("CMKAccessCheckTrigger", "POST", "secrets/cmks/*/access_check", checkAccess),
  route("CMKServiceAssociationsList", "GET", "secrets/cmks/*/service_associations", listAssociations),
  route("ServiceList", "GET", "service", listServices),
  route("ServiceCreate", "POST", "service", createService),
  route("ServiceGet", "GET", "service/*", getService),
  route("ServiceUpdate", "PUT", "service/*", updateService),
];

interface Match {
  readonly route: Route;
  readonly project: string;
  readonly name: string;
}

function match(request: SandboxRequest): Match | null {
  const [empty, version, noun, project, ...rest] = request.path.split("/");
  if (empty !== "" || version !== "v1" || noun !== "project" || !project || rest.includes("")) return null;
  const found = ROUTES.find(
    ({ method, path }) =>
      method === request.method &&
      path.length === rest.length &&
      path.every((part, index) => part === "*" || part === rest[index]),
  );
  if (found === undefined) return null;
  try {
    const variable = rest[found.path.indexOf("*")] ?? "";
    return { route: found, project: decodeURIComponent(project), name: decodeURIComponent(variable) };
  } catch {
    return null;
  }
}

/** The order is Aiven's as far as anybody says: token, project, membership, feature. */
function enter(world: AivenWorld, request: SandboxRequest, name: string): StoredProject {
  const [scheme, token] = (request.headers["authorization"] ?? "").split(" ");
  const known = ["aivenv1", "bearer"].includes(scheme?.toLowerCase() ?? "");
  if (!known || !token) throw new Refused(401, "Missing (expired) db token");
  if (token !== OWNER_TOKEN) throw new Refused(403, "Invalid token");
  const project = world.projects.find((each) => each.name === name);
  if (project === undefined) throw new Refused(404, "Project not found", "project_not_found");
  if (!project.member) throw new Refused(403, "Not a project member");
  return project;
}

function bodyOf(request: SandboxRequest): Readonly<Record<string, unknown>> {
  if (request.body.length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString("utf8"));
  } catch {
    throw new Refused(400, "Invalid JSON in request body");
  }
  if (!isRecord(body)) throw new Refused(400, "Invalid input: not an object");
  return body;
}

async function answer(run: () => SandboxReply | null | Promise<SandboxReply | null>): Promise<SandboxReply | null> {
  try {
    return await run();
  } catch (thrown) {
    if (thrown instanceof Refused) return refusal(thrown.status, thrown.message, thrown.errorCode);
    throw thrown;
  }
}

/** Aiven's API, from its pages: `/v1/project/{project}/secrets/cmks…` and as much of services as CMKs need. */
export function createAivenModule(parts: AivenParts): SandboxModule<AivenWorld> {
  async function handle(world: AivenWorld, request: SandboxRequest, context: SandboxContext) {
    const matched = match(request);
    if (matched === null) return null;
    return await answer(() => {
      const project = enter(world, request, matched.project);
      if (!project.feature && matched.route.path[0] === "secrets") {
        throw new Refused(403, "Bring your own key is not enabled for this project", "feature_not_enabled");
      }
      return matched.route.run({ world, project, name: matched.name, body: bodyOf(request), context, parts });
    });
  }

  return {
    id: "aiven",
    serves: "Aiven's API under /v1/project/{project}/secrets/cmks and /v1/project/{project}/service",
    fresh: freshWorld,
    handle,
    operation: (request) => match(request)?.route.operation ?? null,
    admin: (world, request, context) =>
      answer(() =>
        request.method === "GET" && request.path === "/_sandbox/services"
          ? serviceAccess(world, context, parts)
          : administer(world, request, bodyOf(request), context),
      ),
    env: (origin) => ({ AIVEN_WEB_URL: origin, AIVEN_AUTH_TOKEN: OWNER_TOKEN, AIVEN_PROJECT: "demo" }),
  };
}
