import { timingSafeEqual } from "node:crypto";
import { Agent, request } from "node:http";
import { OCI_IDENTITIES, OCI_VENDOR_TENANCY, type OciIdentity } from "../cast.ts";
import type { SandboxContext } from "../module.ts";
import { isRecord } from "./call.ts";
import { signedHeaders } from "./sign.ts";

export type CanUse = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const ANSWER_MS = 10_000;

/**
 * The vendor's side trying a key as a user of its group in its own tenancy, over HTTP like anybody else: it encrypts
 * and decrypts random bytes. `reason` is what stood in the way, in OCI's words; it never throws.
 */
export async function canUseOci(
  accessor: Readonly<Record<string, string>>,
  keyOcid: string,
  context: SandboxContext,
): Promise<CanUse> {
  const identity = OCI_IDENTITIES.find(
    ({ tenancy, group }) =>
      tenancy === OCI_VENDOR_TENANCY && tenancy === accessor["access_tenant"] && group === accessor["access_group"],
  );
  if (identity === undefined) return { ok: false, reason: `the vendor has no group ${accessor["access_group"]}` };
  const secret = Buffer.from(context.random(32));
  // AES keys are what the vendor's page asks for.
  const details = { keyId: keyOcid, associatedData: { purpose: "cmk" }, encryptionAlgorithm: "AES_256_GCM" };
  try {
    const plain = { ...details, plaintext: secret.toString("base64") };
    const { ciphertext } = await ask(identity, "/20180608/encrypt", plain, context);
    const { plaintext } = await ask(identity, "/20180608/decrypt", { ...details, ciphertext }, context);
    const back = Buffer.from(String(plaintext), "base64");
    const same = back.length === secret.length && timingSafeEqual(back, secret);
    return same ? { ok: true } : { ok: false, reason: "what was decrypted is not what was encrypted" };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function ask(
  identity: OciIdentity,
  path: string,
  details: object,
  context: SandboxContext,
): Promise<Readonly<Record<string, unknown>>> {
  const url = new URL(path, context.origin());
  const body = JSON.stringify(details);
  const headers = signedHeaders({ method: "POST", url, body }, identity, context.clock.now());
  const { status, text } = await post(url, headers, body);
  const answer: unknown = JSON.parse(text);
  if (!isRecord(answer)) throw new Error(`status ${status}, and no answer`);
  if (status !== 200) throw new Error(`${answer["code"]}: ${answer["message"]}`);
  return answer;
}

interface Posted {
  readonly status: number;
  readonly text: string;
}

async function post(url: URL, headers: Readonly<Record<string, string>>, body: string): Promise<Posted> {
  // An agent of its own: Node's shared one may be told to use a proxy.
  const agent = new Agent({ keepAlive: false });
  try {
    return await new Promise((resolve, reject) => {
      const asked = request(url, { method: "POST", agent, headers, timeout: ANSWER_MS }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
        response.on("error", reject);
      });
      asked.on("timeout", () => asked.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
      asked.on("error", reject);
      asked.end(body);
    });
  } finally {
    agent.destroy();
  }
}
