import type { Clock, RandomBytes } from "../core/ports.ts";

/** One request as it came over the wire, body read to its end. */
export interface SandboxRequest {
  readonly method: string;
  /** Path as sent, without the query; percent-encoding untouched. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as sent, without the question mark: signatures cover every character of it. */
  readonly search?: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SandboxReply {
  /** 0: the connection is reset instead of answered. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** The world changed although it was a GET that was answered: it goes to disk before anybody hears of it. */
  readonly changed?: boolean;
}

/** What a module may lean on: time, randomness, the server's own address and the knobs. */
export interface SandboxContext {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** `http://127.0.0.1:<port>`: the vendor's side calls its clouds here, over HTTP, like anybody else. */
  readonly origin: () => string;
  readonly knobs: SandboxKnobs;
}

export interface SandboxKnobs {
  /** How long after a write reads may still be old, in milliseconds; 0: reads are consistent. */
  readonly propagationMs: number;
  /** The AWS KMS that the vendor's side uses instead of the sandbox's own; null: the sandbox's own. */
  readonly vendorAwsEndpoint: string | null;
}

/** One imitated provider: its part of the world as plain JSON, and how it answers. */
export interface SandboxModule<World> {
  readonly id: string;
  /** A fresh world: the same every time, but for key material. Must survive JSON. */
  fresh(context: SandboxContext): World;
  /**
   * Null when the request is not for this provider. Mutates `world`, and only in an answer to something else than a
   * GET or HEAD: those are not followed by a write to disk, unless the reply says `changed`. Between an `await` and a
   * mutation it must look again.
   */
  handle(world: World, request: SandboxRequest, context: SandboxContext): Promise<SandboxReply | null>;
  /** What of the provider is served, a line a person can read in the answer to an unknown route. */
  readonly serves?: string;
  /** The provider's own name for what is asked, for the log and for faults; null when it is not for this provider. */
  operation?(request: SandboxRequest): string | null;
  /** What a person may change behind the provider's back: requests under `/_sandbox/` that are not the server's own. */
  admin?(world: World, request: SandboxRequest, context: SandboxContext): Promise<SandboxReply | null>;
  /** Files that `env` points to, by name: written for the owner alone, and gone with the sandbox or its folder. */
  files?(origin: string, fileAt: (name: string) => string): Readonly<Record<string, string>>;
  /** The variables with which a child process uses this provider as the owner; `fileAt` says where a file is. */
  env?(origin: string, fileAt: (name: string) => string): Readonly<Record<string, string>>;
  /** What is otherwise in `env` for the auditor, who may look and nothing else. */
  auditorEnv?(fileAt: (name: string) => string): Readonly<Record<string, string>>;
}
