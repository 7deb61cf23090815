import {
  type CipherGCMTypes,
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import { crc32 } from "node:zlib";
import type { RandomBytes } from "../../core/ports.ts";
import { invalidParameter } from "./errors.ts";
import type { KeyVersion, OciKey } from "./world.ts";

export const ALGORITHMS = ["AES_256_GCM", "RSA_OAEP_SHA_1", "RSA_OAEP_SHA_256"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

const FORMAT = 1;
const IV = 12;
const TAG = 16;

/** Of an AES key the bytes, of an RSA key a PKCS #8 PEM; an ECDSA key only signs, and is not made up for that. */
export function newMaterial(algorithm: OciKey["algorithm"], length: number, random: RandomBytes): string | null {
  if (algorithm === "AES") return Buffer.from(random(length)).toString("base64");
  if (algorithm === "ECDSA") return null;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: length * 8 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

export function publicKeyOf(key: OciKey, { material }: KeyVersion): { readonly publicKey?: string } {
  if (key.algorithm !== "RSA" || material === null) return {};
  return { publicKey: createPublicKey(material).export({ type: "spki", format: "pem" }).toString() };
}

/** The CRC-32 of the bytes as a decimal number: that of `ab` is 2659403885. */
export function checksum(plaintext: Uint8Array): string {
  return String(crc32(plaintext));
}

/** The name of a version, then what only that version of the key can read. */
export function seal(
  version: KeyVersion,
  algorithm: Algorithm,
  plaintext: Uint8Array,
  associated: string,
  random: RandomBytes,
): string {
  const sealed =
    algorithm === "AES_256_GCM"
      ? sealAes(bytesOf(version), plaintext, associated, random)
      : publicEncrypt({ key: pemOf(version), ...oaep(algorithm) }, plaintext);
  const name = Buffer.from(version.id);
  return Buffer.concat([Buffer.from([FORMAT, name.length]), name, sealed]).toString("base64");
}

/** Null for what no version of any key can have written. */
export function versionNamedIn(ciphertext: string): string | null {
  const bytes = Buffer.from(ciphertext, "base64");
  const [format, length = 0] = bytes;
  return format === FORMAT && bytes.length > 2 + length ? bytes.subarray(2, 2 + length).toString() : null;
}

export function open(version: KeyVersion, algorithm: Algorithm, ciphertext: string, associated: string): Buffer {
  const bytes = Buffer.from(ciphertext, "base64");
  const sealed = bytes.subarray(2 + (bytes[1] ?? 0));
  try {
    if (algorithm === "AES_256_GCM") return openAes(bytesOf(version), sealed, associated);
    return privateDecrypt({ key: pemOf(version), ...oaep(algorithm) }, sealed);
  } catch {
    throw unreadable();
  }
}

/** Wrong key, wrong associated data or a broken ciphertext: which of them is not told. The words are assumed. */
export function unreadable(): Error {
  return invalidParameter("The ciphertext cannot be decrypted with this key and associated data.");
}

function sealAes(key: Buffer, plaintext: Uint8Array, associated: string, random: RandomBytes): Buffer {
  const iv = Buffer.from(random(IV));
  const cipher = createCipheriv(aes(key), key, iv, { authTagLength: TAG });
  cipher.setAAD(Buffer.from(associated));
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function openAes(key: Buffer, sealed: Buffer, associated: string): Buffer {
  if (sealed.length < IV + TAG) throw unreadable();
  const decipher = createDecipheriv(aes(key), key, sealed.subarray(0, IV), { authTagLength: TAG });
  decipher.setAAD(Buffer.from(associated));
  decipher.setAuthTag(sealed.subarray(-TAG));
  return Buffer.concat([decipher.update(sealed.subarray(IV, -TAG)), decipher.final()]);
}

/** OCI calls the algorithm AES_256_GCM whatever the length of the key. */
function aes(key: Buffer): CipherGCMTypes {
  return key.length === 16 ? "aes-128-gcm" : key.length === 24 ? "aes-192-gcm" : "aes-256-gcm";
}

function oaep(algorithm: Algorithm) {
  return {
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: algorithm === "RSA_OAEP_SHA_1" ? "sha1" : "sha256",
  };
}

function bytesOf({ material }: KeyVersion): Buffer {
  return Buffer.from(material ?? "", "base64");
}

function pemOf({ material }: KeyVersion): string {
  return material ?? "";
}
