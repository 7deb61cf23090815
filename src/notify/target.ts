import { usageError } from "../core/errors.ts";
import type { NotifyConfig } from "../io/config.ts";
import type { Environment } from "../io/credentials.ts";
import { receiverFault } from "../io/receiver.ts";
import { REFERENCE_PATTERN, resolveSecret } from "../io/secrets.ts";

/** A receiver, ready to be told. `url` and `secret` are never printed. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** What messages are signed with; null: they are not. */
  readonly secret: string | null;
  readonly format: NotifyConfig["format"];
  /** For one delivery, in milliseconds. */
  readonly timeoutMs: number;
}

export interface Targets {
  readonly targets: readonly Target[];
  /** What a person should hear about the secrets. */
  readonly notes: readonly string[];
}

/** Looks up what the configuration only refers to. Throws a usage error when there is nothing, or when it may not be used. */
export async function openTargets(
  configured: readonly NotifyConfig[],
  environment: Pick<Environment, "env">,
): Promise<Targets> {
  const targets: Target[] = [];
  const notes: string[] = [];
  for (const { name, url, secret, format, timeoutMs } of configured) {
    const address = await resolved(url, environment);
    const key = secret === null ? { value: null, notes: [] } : await resolveSecret(secret, environment);
    const fault = receiverFault(address.value);
    if (fault !== null) {
      throw usageError(
        "notify.bad-address",
        `The address of the receiver ${name} ${fault}.`,
        "Give an https address; http is only for loopback.",
      );
    }
    targets.push({ name, url: address.value, secret: key.value, format, timeoutMs });
    notes.push(...address.notes, ...key.notes);
  }
  return { targets, notes };
}

async function resolved(text: string, environment: Pick<Environment, "env">) {
  return REFERENCE_PATTERN.test(text) ? resolveSecret(text, environment) : { value: text, notes: [] };
}
