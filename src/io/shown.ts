import { plainText } from "../core/text.ts";

/** An address that was refused, as a message may show it: without the password that may stand before the host. */
export function shownAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return plainText(at === -1 ? address : `…${address.slice(at)}`, 200);
}
