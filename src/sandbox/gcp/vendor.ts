import { constants, publicEncrypt, timingSafeEqual } from "node:crypto";
import { GCP_GROUP_DEMO, GCP_GROUP_SECOND, GCP_IDENTITIES, GCP_VENDOR_DEMO, GCP_VENDOR_SECOND } from "../cast.ts";
import type { SandboxContext } from "../module.ts";
import { crc32c, oaepOf } from "./crypto.ts";

export type CanUse = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const ANSWER_MS = 10_000;

/** The vendor's own service accounts, by the group that each of them is in. */
const MEMBER_OF: Readonly<Record<string, string>> = {
  [GCP_GROUP_DEMO]: GCP_VENDOR_DEMO.member,
  [GCP_GROUP_SECOND]: GCP_VENDOR_SECOND.member,
};

/**
 * The vendor's side trying a key as a member of its own group, over HTTP like anybody else: random bytes, encrypted
 * and decrypted; with an RSA key encrypted here, with its public key. `reason` is what stood in the way, in Google's
 * words; it never throws.
 */
export async function canUseGcp(accessGroup: string, keyName: string, context: SandboxContext): Promise<CanUse> {
  const member = MEMBER_OF[accessGroup.toLowerCase()];
  const identity = GCP_IDENTITIES.find((one) => one.member === member);
  if (identity === undefined) return { ok: false, reason: `the vendor has nobody in the group ${accessGroup}` };
  const ask = caller(context.origin(), identity.token);
  const secret = Buffer.from(context.random(32));
  try {
    const encrypted = await ask("POST", `${keyName}:encrypt`, {
      plaintext: secret.toString("base64"),
      plaintextCrc32c: String(crc32c(secret)),
    });
    const back = encrypted.ok
      ? await ask("POST", `${keyName}:decrypt`, { ciphertext: encrypted.body["ciphertext"] })
      : await throughRsa(ask, keyName, secret);
    // Of a key that is not RSA it is the first answer that says why.
    if (back === null) return { ok: false, reason: reasonIn(encrypted) };
    if (!back.ok) return { ok: false, reason: reasonIn(back) };
    const plaintext = Buffer.from(String(back.body["plaintext"] ?? ""), "base64");
    const same = plaintext.length === secret.length && timingSafeEqual(plaintext, secret);
    return same ? { ok: true } : { ok: false, reason: "what was decrypted is not what was encrypted" };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/** Null: there is no public key to be had. */
async function throughRsa(ask: Ask, keyName: string, secret: Buffer): Promise<Answer | null> {
  const newest = await newestPublicKey(ask, keyName);
  if (newest === null) return null;
  const oaep = oaepOf(String(newest.body["algorithm"]));
  if (oaep === null) return null;
  const ciphertext = publicEncrypt(
    { key: String(newest.body["pem"]), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaep.hash },
    secret,
  );
  return await ask("POST", `${String(newest.body["name"])}:asymmetricDecrypt`, {
    ciphertext: ciphertext.toString("base64"),
    ciphertextCrc32c: String(crc32c(ciphertext)),
  });
}

/** The role that the vendor asks for cannot list versions: it counts up until there are no more. */
async function newestPublicKey(ask: Ask, keyName: string): Promise<Answer | null> {
  let newest: Answer | null = null;
  for (let number = 1; ; number++) {
    const answer = await ask("GET", `${keyName}/cryptoKeyVersions/${number}/publicKey`);
    if (answer.ok) newest = answer;
    // A version that is disabled or destroyed is a 400: the next one may be fine.
    else if (answer.status !== 400 || number > 100) return newest;
  }
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Ask = (method: "GET" | "POST", path: string, body?: object) => Promise<Answer>;

function caller(origin: string, token: string): Ask {
  return async (method, path, body) => {
    const response = await fetch(`${origin}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", connection: "close" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { ok: response.ok, status: response.status, body: Object(await response.json()) };
  };
}

function reasonIn({ status, body }: Answer): string {
  const error: unknown = body["error"];
  const said = typeof error === "object" && error !== null ? Reflect.get(error, "message") : undefined;
  return typeof said === "string" ? said : `HTTP ${status}`;
}
