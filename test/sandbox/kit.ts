import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeygrantError } from "../../src/core/errors.ts";
import type { Usable } from "../../src/sandbox/aiven/call.ts";
import { createAivenModule } from "../../src/sandbox/aiven/module.ts";
import { OWNER_TOKEN } from "../../src/sandbox/cast.ts";
import type { SandboxModule } from "../../src/sandbox/module.ts";
import {
  type MakeModules,
  openWith,
  type RunningSandbox,
  type Sandbox,
  type SandboxOptions,
  startWith,
} from "../../src/sandbox/sandbox.ts";

/** Time that passes only when told to, or when somebody sleeps. */
export function fakeClock() {
  let now = Date.parse("2026-11-20T10:00:00.000Z");
  const slept: number[] = [];
  return {
    slept,
    pass(ms: number): void {
      now += ms;
    },
    now: () => new Date(now),
    async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

export type FakeClock = ReturnType<typeof fakeClock>;

interface NotesWorld {
  notes: string[];
}

/** A provider small enough to see the server behind it: keeps notes. */
export const notesModule: SandboxModule<NotesWorld> = {
  id: "notes",
  serves: "notes under /notes",
  fresh: () => ({ notes: [] }),
  async handle(world, request) {
    if (request.path !== "/notes") return null;
    if (request.method === "POST") {
      const note = request.body.toString("utf8");
      if (note === "fail") throw new Error("no more ink");
      world.notes.push(note);
    }
    return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(world) };
  },
};

/** Keys that the vendor can use, as `principal key`; a test changes it at will. */
export type Usables = Set<string>;

export function modulesWith(usables: Usables, used: string[] = []): MakeModules {
  return (knobs) => [
    createAivenModule({
      knobs,
      use: {
        async aws(accessor, resource): Promise<Usable> {
          const use = `${accessor["role_arn"]} ${resource}`;
          used.push(use);
          return usables.has(use) ? { ok: true } : { ok: false, reason: "AccessDeniedException" };
        },
      },
    }),
    notesModule,
  ];
}

export function optionsWith(more: Partial<SandboxOptions> = {}): SandboxOptions {
  let bytes = 0;
  return {
    dir: null,
    clock: fakeClock(),
    random: (size) => Uint8Array.from({ length: size }, () => (bytes++ * 7) % 256),
    jitter: () => 0,
    mode: "embedded",
    ...more,
  };
}

const running: Sandbox[] = [];

export async function start(
  more: Partial<SandboxOptions> = {},
  make: MakeModules = modulesWith(new Set()),
): Promise<RunningSandbox> {
  const sandbox = await startWith(make, optionsWith({ random: secureRandom, ...more }));
  running.push(sandbox);
  return sandbox;
}

export async function open(
  more: Partial<SandboxOptions> = {},
  make: MakeModules = modulesWith(new Set()),
): Promise<Sandbox> {
  const sandbox = await openWith(make, optionsWith({ random: secureRandom, ...more }));
  running.push(sandbox);
  return sandbox;
}

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map(closeOne));
}

async function closeOne(sandbox: Sandbox): Promise<void> {
  try {
    await sandbox.close();
  } catch (cause) {
    if (!(cause instanceof KeygrantError) || cause.code !== "sandbox.folder-lost") throw cause;
  }
}

function secureRandom(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

export function folder(): string {
  return mkdtempSync(join(tmpdir(), "keygrant-sandbox-"));
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The text at a path into an answer. */
export function textAt(answer: Answer, ...path: readonly string[]): string {
  let value = answer.body;
  for (const name of path) value = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof value !== "string") throw new Error(`no text at ${path.join(".")} in ${JSON.stringify(answer.body)}`);
  return value;
}

export async function ask(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${sandbox.origin}${path}`, {
    method,
    headers: { authorization: `aivenv1 ${OWNER_TOKEN}`, connection: "close" },
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
