import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { GCP_OWNER } from "../../src/sandbox/cast.ts";
import type { Binding, GcpWorld } from "../../src/sandbox/gcp/world.ts";
import { HAND, type OtherHand } from "./hand.ts";
import type { RunOptions, World } from "./harness.ts";

/** What stands in the sandbox's Google Cloud, past everything that keygrant says of it. */

export const SYMMETRIC_ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
export const RSA_ROLE = "roles/cloudkms.cryptoOperator";

/** The bindings of a key's own policy, as the sandbox's Google Cloud keeps them. */
export function bindings({ sandbox }: Pick<World, "sandbox">, key: string): readonly Binding[] {
  const { keys } = sandbox.world()["gcp"] as GcpWorld;
  const found = keys.find((one) => one.name === key);
  if (found === undefined) throw new Error(`there is no key ${key}`);
  return found.policy.bindings;
}

/** The roles that a key's own policy gives to a group without a condition, each as often as it does. */
export function rolesOf(world: Pick<World, "sandbox">, key: string, group: string): readonly string[] {
  return bindings(world, key).flatMap(({ role, members, condition }) =>
    condition === undefined && members.includes(`group:${group}`) ? [role] : [],
  );
}

/** Somebody else with the owner's rights, who writes the IAM policy of a key by hand. */
export function gcpHand(origin: string, key: string): OtherHand {
  async function call(method: "GET" | "POST", verb: string, body?: string): Promise<string> {
    const headers = { authorization: `Bearer ${GCP_OWNER.token}`, "user-agent": HAND, connection: "close" };
    const answer = await fetch(`${origin}/v1/${key}:${verb}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text;
  }
  return {
    read: () => call("GET", "getIamPolicy?options.requestedPolicyVersion=3"),
    async write(policy) {
      await call("POST", "setIamPolicy", JSON.stringify({ policy: JSON.parse(policy) }));
    },
    close: () => {},
  };
}

/** Adds a binding to the key's policy as it is now. */
export async function addBinding(hand: OtherHand, binding: Binding): Promise<void> {
  const { bindings: before = [], ...rest } = JSON.parse(await hand.read());
  await hand.write(JSON.stringify({ ...rest, version: 3, bindings: [...before, binding] }));
}

/** Who asks Google Cloud: whoever the token belongs to. */
export function tokenFiles(): (token: string) => RunOptions {
  const folder = mkdtempSync(join(tmpdir(), "keygrant-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return (token) => {
    const path = join(folder, String(count++));
    writeFileSync(path, token, { mode: 0o600 });
    return { env: { CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: path } };
  };
}
