import type { KeyFacts, Registration } from "../../../src/core/model.ts";
import { unseen } from "../../../src/core/model.ts";
import type { Vendor } from "../../../src/core/vendor.ts";
import { type AivenSettings, createAiven } from "../../../src/vendors/aiven/client.ts";
import { type FakeClock, fakeClock, httpDeps, type Stub, type StubReply } from "../../io/stub.ts";

export const TOKEN = "worthless-token-of-the-tests";
export const ARN = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111";
export const ID = "a1b2c3d4-e5f6-4789-a0b1-c2d3e4f5a6b7";
export const CMKS = "/v1/project/demo/secrets/cmks";

export const CMK = {
  id: ID,
  provider: "aws",
  resource: ARN,
  default_cmk: false,
  status: "current",
  created_at: "2026-05-05T10:55:52.719109Z",
  updated_at: "2026-05-05T10:55:52.719109Z",
};

export const REGISTRATION: Registration = {
  vendor: "aiven",
  project: "demo",
  id: ID,
  cloud: "aws",
  resource: ARN,
  status: "current",
  default: false,
  createdAt: "2026-05-05T10:55:52.719109Z",
  updatedAt: "2026-05-05T10:55:52.719109Z",
};

export function ok(body: unknown): StubReply {
  return { status: 200, body };
}

/** An error in Aiven's own form. */
export function no(
  status: number,
  message: string,
  errorCode?: string,
  headers: Record<string, string> = {},
): StubReply {
  const error = { message, status, ...(errorCode === undefined ? {} : { error_code: errorCode }) };
  return { status, body: { message, errors: [error] }, headers };
}

export const CANNOT_VERIFY = "Cannot verify encrypt/decrypt access";

export function aivenAt(
  stub: Pick<Stub, "origin">,
  overrides: Partial<AivenSettings> = {},
): { vendor: Vendor; clock: FakeClock } {
  const clock = fakeClock();
  return { vendor: createAiven({ ...httpDeps({ clock }), webUrl: stub.origin, token: TOKEN, ...overrides }), clock };
}

/** Only the reference matters to a vendor. */
export function factsOf(id: string, cloud: KeyFacts["ref"]["cloud"] = "aws"): KeyFacts {
  const nobodyLooked = unseen({ code: "look.unsupported", detail: "nobody looked" });
  return { ref: { cloud, id, region: null, owner: null }, key: nobodyLooked, rotation: nobodyLooked, documents: [] };
}

export async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
