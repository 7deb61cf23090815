import { timingSafeEqual } from "node:crypto";
import { DecryptCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { AWS_IDENTITIES } from "../cast.ts";
import type { SandboxContext } from "../module.ts";

export type CanUse = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const CONNECT_MS = 2000;
const ANSWER_MS = 10_000;

/** Two more that a client looks up in `~/.aws/config`, one of which its types do not list. */
const NOTHING_FROM_FILES = {
  authSchemePreference: async () => [],
  sigv4aSigningRegionSet: async () => undefined,
} as const;

/**
 * The vendor's side trying a key as its own role, over HTTP like anybody else: it encrypts and decrypts random bytes.
 * `reason` is what stood in the way, in AWS's words; it never throws.
 */
export async function canUse(roleArn: string, keyArn: string, context: SandboxContext): Promise<CanUse> {
  const identity = AWS_IDENTITIES.find((one) => one.arn === roleArn);
  if (identity === undefined) return { ok: false, reason: `the vendor has no role ${roleArn}` };
  // Everything is said, so that the SDK looks for nothing in the environment or in the user's own files.
  const client = new KMSClient({
    endpoint: context.knobs.vendorAwsEndpoint ?? context.origin(),
    region: keyArn.split(":")[3] ?? "",
    credentials: { accessKeyId: identity.accessKeyId, secretAccessKey: identity.secretAccessKey },
    maxAttempts: 2,
    retryMode: "standard",
    defaultsMode: "standard",
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    ...NOTHING_FROM_FILES,
    disableClockSkewCorrection: false,
    userAgentAppId: async () => "sandbox-vendor",
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  const secret = context.random(32);
  try {
    const encrypted = await client.send(new EncryptCommand({ KeyId: keyArn, Plaintext: secret }));
    const decrypted = await client.send(
      new DecryptCommand({ KeyId: keyArn, CiphertextBlob: encrypted.CiphertextBlob }),
    );
    const back = decrypted.Plaintext ?? new Uint8Array();
    const same = back.length === secret.length && timingSafeEqual(back, secret);
    return same ? { ok: true } : { ok: false, reason: "what was decrypted is not what was encrypted" };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  } finally {
    client.destroy();
  }
}
