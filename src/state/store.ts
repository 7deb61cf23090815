import { join } from "node:path";
import { type KeygrantError, usageError } from "../core/errors.ts";
import type { KeyStore } from "../core/memory.ts";
import type { Clock, Jitter, RandomBytes } from "../core/ports.ts";

/** Where keygrant remembers keys between runs. */
export type StoreAddress =
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "postgres"; readonly url: string };

export interface StoreDeps {
  readonly clock: Clock;
  readonly jitter: Jitter;
  /** Makes the ids of messages, by which a receiver knows one that it had before. */
  readonly random: RandomBytes;
}

/** Opens a store, and makes it or brings it up to date. Whatever it needs is loaded only then. */
export async function openStore(address: StoreAddress, deps: StoreDeps): Promise<KeyStore> {
  if (address.kind === "sqlite") return (await import("./sqlite.ts")).openSqlite(address.path, deps);
  return (await import("./postgres.ts")).openPostgres(address.url, deps);
}

/** The one that is used when nobody asks for another. */
export function defaultStoreAddress(stateFolder: string): StoreAddress {
  return { kind: "sqlite", path: join(stateFolder, "keygrant.db") };
}

export interface AddressOptions {
  /** Arguments are seen by everybody on the machine (`ps`), so that they may not hold a password. */
  readonly fromArgument: boolean;
}

/**
 * A path, or a `postgres://` URL as libpq and node-postgres know it.
 * Throws a usage error, which never repeats a URL: it may hold a password.
 */
export function parseStoreAddress(text: string, { fromArgument }: AddressOptions): StoreAddress {
  if (!/^postgres(ql)?:/i.test(text)) return { kind: "sqlite", path: checkedPath(text) };
  if (fromArgument && hasPassword(text)) throw passwordInArgument();
  if (!isUrl(text)) throw badUrl();
  return { kind: "postgres", url: text };
}

function checkedPath(text: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) throw badAddress(`keygrant keeps no state in "${scheme}"`);
  if (/\b(host|password|dbname)\s*=/i.test(text)) throw badAddress("it looks like the settings of a database");
  if (text.trim() === "" || text.includes("\0")) throw badAddress("it is not a path");
  return text;
}

/** In doubt it has one: whatever stands before an @ and behind a colon, and every parameter of that name. */
function hasPassword(text: string): boolean {
  const parameters = new URLSearchParams(text.slice(text.indexOf("?") + 1));
  const isBeforeHost = text
    .split("@")
    .slice(0, -1)
    .some((part) => part.indexOf(":") !== part.lastIndexOf(":"));
  return isBeforeHost || [...parameters.keys()].some((name) => /password/i.test(name));
}

/** What stands behind a host that holds an @ was meant as a password with characters that a URL cannot hold. */
function isUrl(text: string): boolean {
  if (!/^postgres(ql)?:\/\//i.test(text) || /\s/.test(text)) return false;
  // A user without a host is libpq's way to name a local socket.
  const url = URL.parse(text) ?? URL.parse(text.replace("@/", "@localhost/"));
  return url !== null && !`${url.pathname}${url.search}${url.hash}`.includes("@");
}

function passwordInArgument(): KeygrantError {
  return usageError(
    "state.password-in-argument",
    "The address of the state holds a password, which everybody on this machine can see in an argument.",
    "Put the address into KEYGRANT_STATE or the configuration, or the password into PGPASSWORD.",
  );
}

function badUrl(): KeygrantError {
  return usageError(
    "state.bad-address",
    "The address of the state begins like a PostgreSQL URL and is none.",
    "Write postgres://user@host:5432/database, with / ? # @ : and spaces of a password as %2F %3F %23 %40 %3A and %20.",
  );
}

function badAddress(why: string): KeygrantError {
  return usageError(
    "state.bad-address",
    `The address of the state is no place for it: ${why}.`,
    "Give the path of a file, or a URL like postgres://user@host:5432/database.",
  );
}
