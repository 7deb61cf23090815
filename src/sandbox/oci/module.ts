import { randomHex } from "../ids.ts";
import type { SandboxContext, SandboxModule, SandboxReply, SandboxRequest } from "../module.ts";
import { type Call, isRecord, replyTo } from "./call.ts";
import { CONFIG_FILE, configFiles } from "./config.ts";
import { ConnectionCut, errorReply, OciError } from "./errors.ts";
import { freshOciWorld } from "./keys.ts";
import type { OciKnobs } from "./knobs.ts";
import { type Match, match } from "./routes.ts";
import { authenticate } from "./signature.ts";
import type { OciWorld } from "./world.ts";

export type { OciWorld } from "./world.ts";

/** OCI's identity, vaults, keys and their use, all on one host, as README.md says. */
export function createOciModule(knobs: OciKnobs): SandboxModule<OciWorld> {
  return {
    id: "oci",
    serves: "OCI identity under /20160918 and key management under /20180608",
    fresh: freshOciWorld,
    async handle(world, request, context) {
      const found = match(request);
      if (found === null) return null;
      const reads = world.reads;
      const reply = answer(world, request, found, context, knobs);
      const given = request.headers["opc-request-id"];
      const requestId = [given, randomHex(context.random, 16).toUpperCase()].filter(Boolean).join("/");
      const headers = { ...reply.headers, "opc-request-id": requestId, date: context.clock.now().toUTCString() };
      return { ...reply, headers, changed: world.reads !== reads };
    },
    operation: (request) => match(request)?.route?.operation ?? null,
    files: (_origin, fileAt) => configFiles(fileAt),
    env: (origin, fileAt) => ({ KEYGRANT_OCI_ENDPOINT: origin, OCI_CLI_CONFIG_FILE: fileAt(CONFIG_FILE) }),
    auditorEnv: () => ({ OCI_CLI_PROFILE: "AUDITOR" }),
  };
}

function answer(
  world: OciWorld,
  request: SandboxRequest,
  { route, variables, region }: Match,
  context: SandboxContext,
  knobs: OciKnobs,
): SandboxReply {
  const now = context.clock.now();
  try {
    const caller = authenticate(world, request, now);
    if (route === null) throw new OciError(404, "NotFound", "The URI path and HTTP method are not supported.");
    const { operation } = route;
    const { query, headers } = request;
    const body = readBody(request);
    const call: Call = { world, context, knobs, now, caller, operation, path: variables, query, headers, body, region };
    return replyTo(route.run(call));
  } catch (error) {
    if (error instanceof ConnectionCut) return { status: 0, headers: {}, body: "" };
    if (error instanceof OciError) return errorReply(error);
    throw error;
  }
}

function readBody(request: SandboxRequest): Readonly<Record<string, unknown>> {
  if (request.body.length === 0) return {};
  try {
    const body: unknown = JSON.parse(request.body.toString("utf8"));
    if (isRecord(body)) return body;
  } catch {
    // Not JSON: answered like JSON of the wrong kind.
  }
  throw new OciError(400, "CannotParseRequest", "The request is incorrectly formatted.");
}
