import { randomUuid } from "../ids.ts";
import type { SandboxContext, SandboxModule, SandboxReply, SandboxRequest } from "../module.ts";
import type { Call } from "./call.ts";
import { AwsError, ConnectionCut, jsonErrorReply } from "./errors.ts";
import { freshAwsWorld } from "./keys.ts";
import { runKms } from "./kms.ts";
import { authenticate } from "./sigv4.ts";
import { answerSts, stsParameters } from "./sts.ts";
import { type AwsWorld, settle } from "./world.ts";

export type { AwsWorld } from "./world.ts";

const TARGET = "TrentService.";

/** AWS KMS (JSON 1.1) and STS (Query), as README.md says. A reply with status 0 asks the server to cut the connection. */
export const awsModule: SandboxModule<AwsWorld> = {
  id: "aws",
  fresh: freshAwsWorld,
  handle,
  operation(request) {
    const target = request.headers["x-amz-target"];
    if (target !== undefined) return target.startsWith(TARGET) ? target.slice(TARGET.length) : null;
    return stsParameters(request)?.get("Action") ?? null;
  },
};

async function handle(world: AwsWorld, request: SandboxRequest, context: SandboxContext): Promise<SandboxReply | null> {
  const target = request.headers["x-amz-target"];
  const parameters = target === undefined ? stsParameters(request) : null;
  if (!target?.startsWith(TARGET) && parameters === null) return null;

  settle(world, context.clock.now());
  const requestId = randomUuid(context.random);
  const reply =
    parameters === null
      ? answerKms(world, request, context, requestId)
      : answerSts(world, request, parameters, context, requestId);
  // SDKs correct their clock by this header.
  return { ...reply, headers: { ...reply.headers, date: context.clock.now().toUTCString() } };
}

function answerKms(world: AwsWorld, request: SandboxRequest, context: SandboxContext, requestId: string): SandboxReply {
  const headers = { "x-amzn-requestid": requestId };
  const now = context.clock.now();
  try {
    const { caller, region } = authenticate(world, request, "kms", now);
    const operation = (request.headers["x-amz-target"] ?? "").slice(TARGET.length);
    const call: Call = { world, context, caller, region, operation, input: readInput(request.body), now };
    const answer = runKms(call);
    const json = { ...headers, "content-type": "application/x-amz-json-1.1" };
    return { status: 200, headers: json, body: answer === null ? "" : JSON.stringify(answer) };
  } catch (error) {
    if (error instanceof ConnectionCut) return { status: 0, headers: {}, body: "" };
    if (error instanceof AwsError) return jsonErrorReply(error, headers);
    throw error;
  }
}

function readInput(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(body.toString() || "{}");
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Record<string, unknown>;
  } catch {
    // Not JSON: answered like JSON of the wrong kind.
  }
  throw new AwsError("SerializationException");
}
