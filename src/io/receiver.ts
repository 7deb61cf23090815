import { isLoopback } from "./loopback.ts";

/** What is wrong with the address of a webhook, as the end of a sentence; null when it may be used. Never shows it. */
export function receiverFault(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return "is not a URL";
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) {
    return url.username === "" && url.password === "" ? null : "holds a user name or password";
  }
  return "is not https: what is sent there would travel in the clear";
}
