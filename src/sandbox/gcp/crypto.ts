import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  generateKeyPair,
  privateDecrypt,
} from "node:crypto";
import { promisify } from "node:util";
import type { RandomBytes } from "../../core/ports.ts";

const MAGIC = Buffer.from("sandboxGCP1");
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FINGERPRINT_BYTES = 8;

/** What a ciphertext says about itself. Google's own format is opaque; that it names its key version is documented. */
export interface Ciphertext {
  /** `projects/…/cryptoKeyVersions/1` */
  readonly version: string;
  readonly fingerprint: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly data: Buffer;
}

/** AES-256-GCM. */
export function seal(version: string, material: string, plaintext: Buffer, aad: Buffer, random: RandomBytes): Buffer {
  const iv = Buffer.from(random(IV_BYTES));
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(material, "base64"), iv);
  cipher.setAAD(aad);
  const data = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const name = Buffer.from(version);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(name.length);
  return Buffer.concat([MAGIC, length, name, fingerprintOf(material), iv, cipher.getAuthTag(), data]);
}

/** Null for bytes that no key of this KMS ever made. */
export function parseCiphertext(bytes: Buffer): Ciphertext | null {
  const header = MAGIC.length + 2;
  if (bytes.length < header || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const name = header + bytes.readUInt16BE(MAGIC.length);
  const iv = name + FINGERPRINT_BYTES;
  const tag = iv + IV_BYTES;
  const data = tag + TAG_BYTES;
  if (bytes.length < data) return null;
  return {
    version: bytes.subarray(header, name).toString(),
    fingerprint: bytes.subarray(name, iv),
    iv: bytes.subarray(iv, tag),
    tag: bytes.subarray(tag, data),
    data: bytes.subarray(data),
  };
}

/** Null when key, additional data or bytes are not those that were sealed. */
export function open(ciphertext: Ciphertext, material: string, aad: Buffer): Buffer | null {
  if (!ciphertext.fingerprint.equals(fingerprintOf(material))) return null;
  const key = Buffer.from(material, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, ciphertext.iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(ciphertext.tag);
  try {
    return Buffer.concat([decipher.update(ciphertext.data), decipher.final()]);
  } catch {
    return null;
  }
}

function fingerprintOf(material: string): Buffer {
  return createHash("sha256").update(material).digest().subarray(0, FINGERPRINT_BYTES);
}

/** The parts of `RSA_DECRYPT_OAEP_2048_SHA256`; null for what is no such algorithm. */
export function oaepOf(algorithm: string): { readonly bits: number; readonly hash: string } | null {
  const parts = /^RSA_DECRYPT_OAEP_(?<bits>\d+)_(?<hash>SHA1|SHA256|SHA512)$/.exec(algorithm)?.groups;
  return parts === undefined ? null : { bits: Number(parts["bits"]), hash: (parts["hash"] ?? "").toLowerCase() };
}

const generate = promisify(generateKeyPair);

/** A PKCS #8 PEM. Takes from a tenth of a second to some seconds, and not the server's own time. */
export async function newRsaKey(bits: number): Promise<string> {
  const { privateKey } = await generate("rsa", { modulusLength: bits });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** A PKCS #8 PEM. */
export async function newEcKey(curve: "P-256" | "P-384"): Promise<string> {
  const { privateKey } = await generate("ec", { namedCurve: curve });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** A SubjectPublicKeyInfo PEM. */
export function publicPem(privatePem: string): string {
  return createPublicKey(privatePem).export({ type: "spki", format: "pem" }).toString();
}

export function oaepDecrypt(privatePem: string, hash: string, ciphertext: Buffer): Buffer | null {
  try {
    return privateDecrypt({ key: privatePem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, ciphertext);
  } catch {
    return null;
  }
}

const CASTAGNOLI = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_none, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CASTAGNOLI : value >>> 1;
  return value >>> 0;
});

/** RFC 3720, B.4: `123456789` gives e3069283. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
