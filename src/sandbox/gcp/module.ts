import { GCP_AUDITOR, GCP_OWNER, GCP_PROJECT } from "../cast.ts";
import type { SandboxContext, SandboxModule, SandboxReply, SandboxRequest } from "../module.ts";
import { isRecord, letFaultsStrike } from "./call.ts";
import type { RequestContext } from "./context.ts";
import { withNumbers } from "./enums.ts";
import { badField, ConnectionCut, errorReply, GoogleError, json, NoSuchMethod, notFoundPage } from "./errors.ts";
import { freshGcpWorld } from "./keys.ts";
import type { GcpKnobs } from "./knobs.ts";
import { type Match, match } from "./routes.ts";
import { authenticate, tokenInfo } from "./tokens.ts";
import { findProject, type GcpWorld, settle } from "./world.ts";

export type { GcpWorld } from "./world.ts";

/** A file of this name, beside the world, holds the owner's token. */
const TOKEN_FILE = "gcp-owner-token";
const AUDITOR_TOKEN_FILE = "gcp-auditor-token";

/** Cloud KMS, and as much of Resource Manager, IAM and IAM Credentials as keys need, as README.md says. */
export function createGcpModule(knobs: GcpKnobs): SandboxModule<GcpWorld> {
  return {
    id: "gcp",
    serves: "Google Cloud KMS under /v1/projects/{project}/locations, IAM policies, roles and token generation",
    fresh: freshGcpWorld,
    handle: (world, request, context) => handle(world, request, context, knobs),
    operation: (request) => match(request)?.route.method ?? null,
    files: () => ({ [TOKEN_FILE]: GCP_OWNER.token, [AUDITOR_TOKEN_FILE]: GCP_AUDITOR.token }),
    env: (origin, fileAt) => gcpEnv(origin, fileAt(TOKEN_FILE)),
    auditorEnv: (fileAt) => ({ CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: fileAt(AUDITOR_TOKEN_FILE) }),
  };
}

/** With these a child process, gcloud too, uses the sandbox's Google Cloud as the owner, and no other. */
function gcpEnv(origin: string, tokenFile: string): Readonly<Record<string, string>> {
  const endpoints = ["CLOUDKMS", "CLOUDRESOURCEMANAGER", "IAM", "IAMCREDENTIALS"];
  return {
    ...Object.fromEntries(endpoints.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`, `${origin}/`])),
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: tokenFile,
    CLOUDSDK_CORE_PROJECT: GCP_PROJECT,
  };
}

async function handle(
  world: GcpWorld,
  request: SandboxRequest,
  context: SandboxContext,
  knobs: GcpKnobs,
): Promise<SandboxReply | null> {
  const found = match(request);
  const now = context.clock.now();
  if (found === null) return aboutToken(request, { world, context, knobs, now, operation: TOKEN_INFO });
  settle(world, now, context.random);
  const operation = `${found.route.service}.${found.route.method}`;
  const reply = await answer(request, found, { world, context, knobs, now, operation });
  return { ...reply, headers: { ...reply.headers, date: now.toUTCString() } };
}

/** Google's OAuth server, as far as it says whose a token is. Null when the request is for nobody here. */
function aboutToken(request: SandboxRequest, about: RequestContext): SandboxReply | null {
  return request.method === "POST" && request.path === "/tokeninfo" ? tokenInfo(about, request) : null;
}

const TOKEN_INFO = "tokeninfo";

async function answer(request: SandboxRequest, { route, name }: Match, about: RequestContext): Promise<SandboxReply> {
  try {
    const canonical = canonicalName(about.world, name);
    letFaultsStrike({ ...about, name: canonical });
    const caller = authenticate(about, request);
    const body = await route.run({ ...about, caller, name: canonical, query: request.query, body: readBody(request) });
    const numbers = request.query.get("$alt")?.includes("enum-encoding=int") ?? false;
    const reply = json(200, numbers ? Object(withNumbers(body)) : body);
    // The one GET that makes something: a key pair, when it is first asked for.
    return route.method === "GetPublicKey" ? { ...reply, changed: true } : reply;
  } catch (error) {
    if (error instanceof ConnectionCut) return { status: 0, headers: {}, body: "" };
    if (error instanceof NoSuchMethod) return notFoundPage(request.path);
    if (error instanceof GoogleError) return errorReply(error);
    throw error;
  }
}

/** Google takes a project's number for its id, and answers with the id. */
function canonicalName(world: GcpWorld, name: string): string {
  const [collection, project = "", ...rest] = name.split("/");
  if (collection !== "projects") return name;
  return [collection, findProject(world, project)?.id ?? project, ...rest].join("/");
}

function readBody(request: SandboxRequest): Readonly<Record<string, unknown>> {
  if (request.body.length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString("utf8"));
  } catch {
    throw badField("", "Invalid JSON payload received. Unexpected end of string.");
  }
  if (isRecord(body)) return body;
  throw badField("", "Invalid JSON payload received. The root element must be an object.");
}
