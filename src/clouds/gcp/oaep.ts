import { constants, createPublicKey, type KeyObject, publicEncrypt } from "node:crypto";

/** RSA-OAEP as the name of an algorithm says it: `RSA_DECRYPT_OAEP_4096_SHA512`. */
export interface Oaep {
  readonly bits: number;
  readonly hash: "sha1" | "sha256" | "sha512";
}

/** Null for an algorithm that is no RSA-OAEP (https://cloud.google.com/kms/docs/algorithms#asymmetric_encryption_algorithms). */
export function oaepOf(algorithm: string): Oaep | null {
  const [, bits, hash] = /^RSA_DECRYPT_OAEP_(\d{4})_(SHA1|SHA256|SHA512)$/.exec(algorithm) ?? [];
  return bits === undefined || hash === undefined
    ? null
    : { bits: Number(bits), hash: hash.toLowerCase() as Oaep["hash"] };
}

/** The public key; null for a text that is none, or one of another kind or size than the algorithm says. */
export function publicKeyOf(pem: string, { bits }: Oaep): KeyObject | null {
  try {
    const key = createPublicKey(pem);
    const isRsa = key.asymmetricKeyType === "rsa" && key.asymmetricKeyDetails?.modulusLength === bits;
    return isRsa ? key : null;
  } catch {
    return null;
  }
}

/** Done here, with the public half: Cloud KMS only decrypts (https://cloud.google.com/kms/docs/encrypt-decrypt-rsa). */
export function encryptLocally(key: KeyObject, { hash }: Oaep, plaintext: Uint8Array): Uint8Array {
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, plaintext);
}
