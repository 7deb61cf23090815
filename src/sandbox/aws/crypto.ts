import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import type { RandomBytes } from "../../core/ports.ts";

export type EncryptionContext = Readonly<Record<string, string>>;

const MAGIC = Buffer.from("sandboxKMS1");
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FINGERPRINT_BYTES = 8;

/** What a symmetric ciphertext says about itself. AWS's own format is opaque; that it names its key is documented. */
export interface CiphertextBlob {
  readonly keyArn: string;
  /** Which material: imported material may have been deleted, and never comes back as another one. */
  readonly fingerprint: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly data: Buffer;
}

export function seal(
  keyArn: string,
  material: string,
  plaintext: Buffer,
  context: EncryptionContext,
  random: RandomBytes,
): Buffer {
  const iv = Buffer.from(random(IV_BYTES));
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(material, "base64"), iv);
  cipher.setAAD(aad(keyArn, context));
  const data = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const name = Buffer.from(keyArn);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(name.length);
  return Buffer.concat([MAGIC, length, name, fingerprintOf(material), iv, cipher.getAuthTag(), data]);
}

/** Null for bytes that no key of this KMS ever made. */
export function parseBlob(blob: Buffer): CiphertextBlob | null {
  const header = MAGIC.length + 2;
  if (blob.length < header || !blob.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const name = header + blob.readUInt16BE(MAGIC.length);
  const iv = name + FINGERPRINT_BYTES;
  const tag = iv + IV_BYTES;
  const data = tag + TAG_BYTES;
  if (blob.length < data) return null;
  return {
    keyArn: blob.subarray(header, name).toString(),
    fingerprint: blob.subarray(name, iv),
    iv: blob.subarray(iv, tag),
    tag: blob.subarray(tag, data),
    data: blob.subarray(data),
  };
}

/** Null when key, context or bytes are not those that were sealed. */
export function open(blob: CiphertextBlob, material: string, context: EncryptionContext): Buffer | null {
  if (!blob.fingerprint.equals(fingerprintOf(material))) return null;
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(material, "base64"), blob.iv, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(aad(blob.keyArn, context));
  decipher.setAuthTag(blob.tag);
  try {
    return Buffer.concat([decipher.update(blob.data), decipher.final()]);
  } catch {
    return null;
  }
}

/** The order of the pairs does not matter, everything else about them does. */
function aad(keyArn: string, context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify([keyArn, pairs]));
}

function fingerprintOf(material: string): Buffer {
  return createHash("sha256").update(material).digest().subarray(0, FINGERPRINT_BYTES);
}

export function hashOf(material: string): string {
  return createHash("sha256").update(material).digest("hex");
}

/** A PKCS #8 PEM. `spec` is `RSA_2048`, `RSA_3072` or `RSA_4096`. */
export function newRsaKey(spec: string): { readonly privateKey: string; readonly publicKeyDer: Buffer } {
  const pair = generateKeyPairSync("rsa", { modulusLength: Number(spec.slice("RSA_".length)) });
  return {
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKeyDer: pair.publicKey.export({ type: "spki", format: "der" }),
  };
}

/** `algorithm` ends in SHA_1 or SHA_256, as `RSAES_OAEP_SHA_256` does. */
export function rsaEncrypt(privateKey: string, algorithm: string, plaintext: Buffer): Buffer {
  return publicEncrypt({ key: privateKey, ...oaep(algorithm) }, plaintext);
}

export function rsaDecrypt(privateKey: string, algorithm: string, ciphertext: Buffer): Buffer | null {
  try {
    return privateDecrypt({ key: privateKey, ...oaep(algorithm) }, ciphertext);
  } catch {
    return null;
  }
}

function oaep(algorithm: string): { padding: number; oaepHash: string } {
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: algorithm.endsWith("SHA_1") ? "sha1" : "sha256" };
}

/** How much RSA-OAEP takes at once: the modulus, less two hashes and two bytes. */
export function rsaCapacity(spec: string, algorithm: string): number {
  const hash = algorithm.endsWith("SHA_1") ? 20 : 32;
  return Number(spec.slice("RSA_".length)) / 8 - 2 * hash - 2;
}
