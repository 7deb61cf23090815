import type { Clock, RandomBytes } from "../core/ports.ts";

/** One request as it came over the wire, body read to its end. */
export interface SandboxRequest {
  readonly method: string;
  /** Path as sent, without the query; percent-encoding untouched. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SandboxReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What a module may lean on: time, randomness, the server's own address, and the word that its world has changed. */
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
  /** Null when the request is not for this provider. Mutates `world`. */
  handle(world: World, request: SandboxRequest, context: SandboxContext): Promise<SandboxReply | null>;
}
