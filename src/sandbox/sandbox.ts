import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type KeygrantError, usageError } from "../core/errors.ts";
import type { Clock, Jitter, RandomBytes } from "../core/ports.ts";
import { administerServer } from "./admin.ts";
import { askSandbox } from "./ask.ts";
import { createFaults, type Faults } from "./faults.ts";
import { randomHex } from "./ids.ts";
import { DEFAULT_KNOBS, type Knobs, readKnobs } from "./knobs.ts";
import { type Holder, type Lock, liveHolder, type SandboxMode, takeLock } from "./lock.ts";
import type { SandboxContext, SandboxModule, SandboxReply, SandboxRequest } from "./module.ts";
import type { RequestRecord } from "./request.ts";
import { type Listener, listen, type OnRequest } from "./server.ts";
import { ensureFolder, fileStore, memoryStore, replaceFile, type Store, WORLD_FILE, type Worlds } from "./storage.ts";

export interface SandboxOptions {
  /** Where the world lives; null: in memory, for as long as the sandbox runs. */
  readonly dir: string | null;
  /** 0, the default: any free one. */
  readonly port?: number | undefined;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Decides which requests a fault strikes. */
  readonly jitter: Jitter;
  readonly knobs?: Partial<Knobs> | undefined;
  readonly mode: SandboxMode;
  readonly onRequest?: OnRequest | undefined;
  /** Gives up waiting for another command. */
  readonly signal?: AbortSignal | undefined;
}

export interface Sandbox {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** Everything that a child needs to use it as the owner. */
  readonly env: Readonly<Record<string, string>>;
  /** The same as the auditor of every cloud, who may look and nothing else. */
  readonly auditorEnv: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface RunningSandbox extends Sandbox {
  /** The last 10,000 requests, oldest first, without those under `/_sandbox/`. */
  readonly requests: readonly RequestRecord[];
  /** The world as it stands, a copy. */
  world(): Worlds;
  /** Changes the world behind everybody's back: fleets of keys, and what their owners do to them. */
  alter(change: (worlds: Worlds) => void): void;
  turn(knobs: Partial<Knobs>): void;
}

/** The modules of a sandbox; `knobs` is live. */
export type MakeModules = (knobs: Knobs) => readonly SandboxModule<unknown>[];

/** How long to wait for another command to be done with the folder. */
const PATIENCE_MS = 60_000;
const POLL_MS = 100;

/** What keygrant remembers about a sandbox (DESIGN §9): goes when the world goes. */
export function sandboxStateDir(dir: string): string {
  return join(dir, "keygrant-state");
}

/** Starts a sandbox. Somebody else's `sandbox start` of the same folder is an error, another command is waited for. */
export async function startWith(make: MakeModules, options: SandboxOptions): Promise<RunningSandbox> {
  const entered = await enter(make, options);
  if ("running" in entered) {
    const { origin, pid } = entered.running;
    throw usageError(
      "sandbox.running",
      `A sandbox already runs on ${options.dir}: ${origin}, process ${pid}.`,
      "Use that one, or stop it first, or name another folder with KEYGRANT_SANDBOX_DIR.",
    );
  }
  return entered.started;
}

/** The sandbox that already runs on the folder, with its own knobs, or one that lives as long as this command. */
export async function openWith(make: MakeModules, options: SandboxOptions): Promise<Sandbox> {
  const entered = await enter(make, options);
  if ("started" in entered) return entered.started;
  const { origin } = entered.running;
  return {
    origin,
    ...environmentsOf(make({ ...DEFAULT_KNOBS }), origin, options.dir, options.dir ?? ""),
    close: async () => {},
  };
}

type Entered = { readonly running: Holder } | { readonly started: RunningSandbox };

async function enter(make: MakeModules, options: SandboxOptions): Promise<Entered> {
  const deadline = options.clock.now().getTime() + PATIENCE_MS;
  if (options.dir !== null) ensureFolder(options.dir);
  for (;;) {
    const holder = options.dir === null ? null : await liveHolder(options.dir);
    if (holder?.mode === "serve") return { running: holder };
    const started = holder === null ? await launch(make, options) : null;
    if (started !== null) return { started };
    if (options.clock.now().getTime() >= deadline) throw busy(options.dir, holder);
    await options.clock.sleep(POLL_MS, options.signal);
  }
}

function busy(dir: string | null, holder: Holder | null): KeygrantError {
  const who = holder === null ? "Other commands" : `Another command, process ${holder.pid} since ${holder.started},`;
  return usageError(
    "sandbox.busy",
    `${who} kept the sandbox in ${dir} for longer than a minute.`,
    `${holder === null ? "Try again" : `Let process ${holder.pid} finish, or stop it`}. To use one sandbox from several commands at once, run \`keygrant sandbox start\`.`,
  );
}

/** Null when somebody else took the folder first. */
async function launch(make: MakeModules, options: SandboxOptions): Promise<RunningSandbox | null> {
  const listener = await listen(options.port ?? 0);
  const { dir, mode } = options;
  const nonce = randomHex(options.random, 16);
  const { origin } = listener;
  const started = options.clock.now().toISOString();
  let lock: Lock | null = null;
  try {
    if (dir !== null) {
      lock = takeLock(dir, { pid: process.pid, origin, mode, started, nonce });
      if (lock === null) {
        await listener.close();
        return null;
      }
    }
    const store = dir === null ? memoryStore() : fileStore(dir, () => lock?.check());
    return run(make, options, { listener, nonce, lock, store });
  } catch (cause) {
    lock?.release();
    await listener.close();
    throw cause;
  }
}

interface Held {
  readonly listener: Listener;
  readonly nonce: string;
  readonly lock: Lock | null;
  readonly store: Store;
}

function run(make: MakeModules, options: SandboxOptions, held: Held): RunningSandbox {
  const { listener, nonce, lock, store } = held;
  const { clock, random, jitter, mode } = options;
  const knobs: Knobs = { ...DEFAULT_KNOBS };
  const modules = make(knobs);
  const context: SandboxContext = { clock, random, origin: () => listener.origin, knobs };
  const worlds: Worlds = { ...store.load() };
  let faults: Faults = createFaults([], jitter);

  function turn(given: Partial<Knobs>): void {
    const read = readKnobs({ ...given });
    Object.assign(knobs, read);
    if (read.faults !== undefined) faults = createFaults(read.faults, jitter);
  }

  function fill(): void {
    // By way of JSON, so that a world that would not survive it fails now and not after a restart.
    for (const module of modules) worlds[module.id] ??= JSON.parse(JSON.stringify(module.fresh(context)));
    store.save(worlds);
  }

  function reset(): void {
    for (const module of modules) delete worlds[module.id];
    fill();
  }

  /** Asks each module in turn; what it changed is on disk before anybody hears of it. */
  async function ask(
    request: SandboxRequest,
    how: (module: SandboxModule<unknown>, world: unknown) => Promise<SandboxReply | null> | undefined,
  ): Promise<SandboxReply | null> {
    let changed = request.method !== "GET" && request.method !== "HEAD";
    try {
      for (const module of modules) {
        const reply = (await how(module, worlds[module.id])) ?? null;
        changed ||= reply?.changed ?? false;
        if (reply !== null) return reply;
      }
      return null;
    } finally {
      if (changed) store.save(worlds);
    }
  }

  turn(options.knobs ?? {});
  fill();
  const files = writeFiles(modules, listener.origin, options.dir);
  listener.open({
    clock,
    knobs,
    faults: () => faults,
    operation: (request) => firstOf(modules, (module) => module.operation?.(request) ?? null),
    handle: (request) => ask(request, (module, world) => module.handle(world, request, context)),
    admin: async (request) =>
      administerServer(request, { nonce, mode, knobs, turn, reset }) ??
      (await ask(request, (module, world) => module.admin?.(world, request, context))),
    serves: modules.flatMap(({ serves }) => serves ?? []),
    onRequest: options.onRequest ?? null,
  });

  let closed: Promise<void> | null = null;
  async function close(): Promise<void> {
    await listener.drain();
    try {
      store.save(worlds);
    } finally {
      // Until the lock is gone the server says that it is still there: nobody takes the folder over in between.
      lock?.release();
      files.remove();
      await listener.close();
    }
  }

  return {
    origin: listener.origin,
    ...environmentsOf(modules, listener.origin, options.dir, files.folder),
    requests: listener.requests,
    world: () => structuredClone(worlds),
    alter(change) {
      change(worlds);
      store.save(worlds);
    },
    turn,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

function firstOf<T, R>(items: readonly T[], ask: (item: T) => R | null): R | null {
  for (const item of items) {
    const answer = ask(item);
    if (answer !== null) return answer;
  }
  return null;
}

/** With a world that lasts, what keygrant remembers of it lasts beside it, and apart from what is real. */
function environmentsOf(
  modules: readonly SandboxModule<unknown>[],
  origin: string,
  dir: string | null,
  files: string,
): Pick<Sandbox, "env" | "auditorEnv"> {
  const memory = dir === null ? {} : { KEYGRANT_STATE_DIR: sandboxStateDir(resolve(dir)) };
  const fileAt = (name: string) => resolve(files, name);
  const env = Object.assign(memory, ...modules.map((module) => module.env?.(origin, fileAt) ?? {}));
  const auditorEnv = Object.assign({ ...env }, ...modules.map((module) => module.auditorEnv?.(fileAt) ?? {}));
  return { env, auditorEnv };
}

/** Beside the world, or for as long as the sandbox runs in a folder of their own. */
function writeFiles(
  modules: readonly SandboxModule<unknown>[],
  origin: string,
  dir: string | null,
): { readonly folder: string; remove(): void } {
  if (modules.every((module) => module.files === undefined)) return { folder: dir ?? "", remove: () => {} };
  const folder = dir ?? mkdtempSync(join(tmpdir(), "keygrant-sandbox-files-"));
  const fileAt = (name: string) => resolve(folder, name);
  for (const module of modules) {
    for (const [name, text] of Object.entries(module.files?.(origin, fileAt) ?? {})) replaceFile(fileAt(name), text);
  }
  return {
    folder,
    remove() {
      if (dir === null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A fresh world, and nothing remembered of the old one; a sandbox that runs on the folder starts afresh with it. */
export async function resetSandbox(dir: string): Promise<void> {
  const holder = await liveHolder(dir);
  if (holder?.mode === "embedded") throw inUse(dir, holder);
  if (holder !== null) {
    const answer = await askSandbox(holder.origin, "POST", "/_sandbox/reset", { timeoutMs: 10_000 });
    if (typeof answer === "string" || answer.status !== 200) throw inUse(dir, holder);
  } else {
    rmSync(join(dir, WORLD_FILE), { force: true });
  }
  rmSync(sandboxStateDir(dir), { recursive: true, force: true });
}

/**
 * Makes a project of the sandbox's Aiven, or changes what it names as its principals: cloud by cloud, and null takes
 * one away.
 */
export async function setProject(
  origin: string,
  name: string,
  accessors: Readonly<Record<string, Readonly<Record<string, string>> | null>>,
): Promise<void> {
  const body = JSON.stringify({ name, accessors });
  const answer = await askSandbox(origin, "POST", "/_sandbox/project", { body, timeoutMs: 10_000 });
  if (typeof answer !== "string" && answer.status === 200) return;
  const why = typeof answer === "string" ? "it does not answer" : answer.body;
  throw usageError(
    "sandbox.project",
    `The sandbox did not change the project ${name}: ${why}`,
    "Give a name of 1 to 64 characters, and accessors as field=value.",
  );
}

function inUse(dir: string, holder: Holder): KeygrantError {
  return usageError(
    "sandbox.busy",
    `Process ${holder.pid} uses the sandbox in ${dir}; it was not reset.`,
    `Let process ${holder.pid} finish, or stop it, then reset again.`,
  );
}
