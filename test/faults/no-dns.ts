import dns from "node:dns";
import { vi } from "vitest";
import { NO_SUCH_NAME } from "./around.ts";

type Answer = (error: NodeJS.ErrnoException) => void;

/** Says of that one name that there is none, as the system would, and asks nobody. */
export function withoutDns(): void {
  const lookup = dns.lookup.bind(dns) as (...given: readonly unknown[]) => void;
  vi.spyOn(dns, "lookup").mockImplementation(((...given: readonly unknown[]) => {
    const [name] = given;
    if (name !== NO_SUCH_NAME) return lookup(...given);
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND", hostname: name });
    process.nextTick(given.at(-1) as Answer, error);
  }) as typeof dns.lookup);
}
