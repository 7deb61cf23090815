import { afterEach } from "vitest";
import { GCP_OWNER, type GcpIdentity } from "../../../src/sandbox/cast.ts";
import { type Knobs, type RunningSandbox, startSandbox } from "../../../src/sandbox/index.ts";
import { type FakeClock, fakeClock, optionsWith } from "../kit.ts";

export const RING = "projects/demo/locations/europe-west1/keyRings/demo";

export function keyNamed(name: string): string {
  return `${RING}/cryptoKeys/${name}`;
}

export interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Empty for what is not JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Stage {
  readonly sandbox: RunningSandbox;
  readonly clock: FakeClock;
  /** `path` goes behind `/v1/`; a token in the place of an identity is taken as it is. */
  ask(method: string, path: string, body?: unknown, as?: GcpIdentity | string): Promise<Said>;
}

const running: RunningSandbox[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

/** A sandbox in memory, whose time passes only when told to. */
export async function stage(knobs: Partial<Knobs> = {}): Promise<Stage> {
  const clock = fakeClock();
  const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
  const sandbox = await startSandbox(optionsWith({ clock, random, knobs }));
  running.push(sandbox);
  return {
    sandbox,
    clock,
    async ask(method, path, body, as = GCP_OWNER) {
      const token = typeof as === "string" ? as : as.token;
      const response = await fetch(`${sandbox.origin}${path.startsWith("/") ? path : `/v1/${path}`}`, {
        method,
        headers: { connection: "close", ...(token === "" ? {} : { authorization: `Bearer ${token}` }) },
        body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
    },
  };
}

/** `200`, or Google's code, status and message in a line. */
export function inShort({ status, body }: Said): string {
  const error = body["error"];
  if (typeof error !== "object" || error === null) return String(status);
  return `${status} ${Reflect.get(error, "status")}: ${Reflect.get(error, "message")}`;
}

/** The details of an error, the first of them. */
export function detailIn({ body }: Said): unknown {
  const error: unknown = body["error"];
  const details: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "details") : undefined;
  return Array.isArray(details) ? details[0] : undefined;
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
