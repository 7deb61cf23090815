import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { GcpCredentialsError } from "./errors.ts";

/** Who the requests are made as. */
export interface Tokens {
  /** The headers that say so. Throws a `GcpCredentialsError`. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** The name of the account, when it is known without asking. */
  account(): Promise<string | null>;
}

/** One token, for as long as it lasts. */
export function fixedToken(token: string): Tokens {
  return { headers: async () => bearer(token), account: async () => null };
}

/**
 * The token in a file, as gcloud reads it (`auth/access_token_file`). Whoever writes the file renews it: it is read
 * again whenever it has changed.
 */
export function tokenFile(path: string): Tokens {
  let known: { readonly stamp: string; readonly token: string } | null = null;
  return {
    async headers() {
      try {
        // At each request: to hand it to another thread and back takes a hundred times as long as to look.
        const { mtimeMs, size, ino } = statSync(path);
        const stamp = `${mtimeMs} ${size} ${ino}`;
        if (known?.stamp !== stamp) known = { stamp, token: (await readFile(path, "utf8")).trim() };
      } catch (cause) {
        throw new GcpCredentialsError(`the access token file ${path} cannot be read.`, { cause });
      }
      if (/^[\x21-\x7e]{1,16384}$/.test(known.token)) return bearer(known.token);
      throw new GcpCredentialsError(`the access token file ${path} does not hold one access token.`);
    },
    account: async () => null,
  };
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

/** As much of `GoogleAuth` as is used: application default credentials, wherever they come from. */
export interface DefaultCredentials {
  getRequestHeaders(): Promise<Headers>;
  getClient(): Promise<object>;
}

/** https://cloud.google.com/docs/authentication/application-default-credentials */
export function defaultCredentials(auth: DefaultCredentials): Tokens {
  return {
    async headers() {
      return Object.fromEntries(await found(() => auth.getRequestHeaders()));
    },
    async account() {
      const client = await found(() => auth.getClient());
      // A service account's key says whose it is.
      return "email" in client && typeof client.email === "string" ? client.email : null;
    },
  };
}

/** Whatever the auth library says is about the credentials. */
async function found<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new GcpCredentialsError(words, { cause });
  }
}
