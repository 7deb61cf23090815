import { timingSafeEqual } from "node:crypto";
import crc32c from "crc-32/crc32c.js";
import type { Bytes, Checksum, Int64Value } from "./kms.ts";

/** CRC32C as Cloud KMS counts it (https://cloud.google.com/kms/docs/data-integrity-guidelines): unsigned, 32 bits. */
export function checksum(bytes: Uint8Array): number {
  return crc32c.buf(bytes) >>> 0;
}

/** A checksum as a request carries it. */
export function sent(bytes: Uint8Array): Checksum {
  return { value: checksum(bytes) };
}

/** Whether an answer's checksum is there and is that of its bytes. */
export function isWhole(bytes: Uint8Array, said: Int64Value | null | undefined): boolean {
  const value = said?.value;
  return value !== null && value !== undefined && String(value) === String(checksum(bytes));
}

/** The bytes of an answer; null when there are none. */
export function bytesOf(value: Bytes): Uint8Array | null {
  if (value === null || value === undefined || value.length === 0) return null;
  return typeof value === "string" ? Buffer.from(value, "base64") : value;
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
