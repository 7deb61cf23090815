import { createHash, createHmac } from "node:crypto";

export const SIGNATURE_HEADER = "x-keygrant-signature";
export const IDEMPOTENCY_HEADER = "idempotency-key";

/**
 * `t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`. The time is signed too, so that a receiver can
 * refuse what somebody recorded and sends again.
 */
export function signature(secret: string, body: string, now: Date): string {
  const t = Math.floor(now.getTime() / 1_000);
  return `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`;
}

/**
 * The same for every delivery of the same message to the same receiver. Made from the body, which is signed, and not
 * from the number in the spool, which begins anew with a new state.
 */
export function idempotencyKey(target: string, body: string): string {
  return createHash("sha256").update(`${target}\n${body}`).digest("hex").slice(0, 32);
}
