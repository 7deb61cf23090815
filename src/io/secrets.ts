import { usageError } from "../core/errors.ts";
import { plainText, withoutTrailing } from "../core/text.ts";
import type { Environment } from "./credentials.ts";
import { readBounded } from "./read.ts";

/** `env:NAME`, or `file:/path` with an absolute path. The only ways in which the configuration speaks of a secret. */
export const REFERENCE_PATTERN = /^(env:[A-Za-z_][A-Za-z0-9_]{0,255}|file:\/.{1,4096})$/;

export interface Secret {
  readonly value: string;
  /** What a person should hear about how it is kept. Never holds the secret. */
  readonly notes: readonly string[];
}

const MAX_BYTES = 64 * 1024;
/** What group and others may do with a file. */
const OTHERS = 0o077;

/**
 * What a reference stands for, without the newline at its end. Throws a usage error that names the reference, never
 * the secret, when there is nothing.
 */
export async function resolveSecret(reference: string, environment: Pick<Environment, "env">): Promise<Secret> {
  if (!REFERENCE_PATTERN.test(reference)) {
    // What stands there may be the secret itself.
    throw usageError(
      "credentials.bad-reference",
      "A secret is given by reference, and what was given is none.",
      "Write env:NAME or file:/absolute/path.",
    );
  }
  return reference.startsWith("env:")
    ? fromEnvironment(reference.slice("env:".length), environment)
    : fromFile(reference.slice("file:".length));
}

function fromEnvironment(name: string, { env }: Pick<Environment, "env">): Secret {
  const value = Object.hasOwn(env, name) ? trimmed(env[name] ?? "") : "";
  if (value !== "") return { value, notes: [] };
  throw usageError(
    "credentials.missing",
    `The configuration takes a secret from env:${name}, which is not set.`,
    `Set ${name}, or take the reference out of the configuration.`,
  );
}

async function fromFile(path: string): Promise<Secret> {
  const read = await readBounded(path, MAX_BYTES);
  const name = plainText(path, 300);
  if (!read.ok) {
    throw usageError(
      read.absent ? "credentials.missing" : "credentials.unreadable",
      `The configuration takes a secret from file:${name}: ${read.why}.`,
      "Check the path, and who may read the file.",
      read.cause,
    );
  }
  const value = trimmed(read.text);
  if (value === "") {
    throw usageError(
      "credentials.missing",
      `The configuration takes a secret from file:${name}, which is empty.`,
      "Put the secret into the file, and nothing else.",
    );
  }
  const isOpen = (read.mode & OTHERS) !== 0;
  const mode = read.mode.toString(8).padStart(4, "0");
  return {
    value,
    // A note and no refusal: Kubernetes mounts secrets as 0644 unless it is told otherwise.
    notes: isOpen ? [`Others on this machine may open the secret in ${name} (mode ${mode}): chmod 600 it.`] : [],
  };
}

function trimmed(text: string): string {
  return withoutTrailing(text, "\r\n");
}
