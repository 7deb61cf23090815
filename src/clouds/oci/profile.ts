import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { OciCallError } from "./errors.ts";
import { field, parseJson, textField } from "./json.ts";

/** What a profile of the configuration file gives: enough to sign with. */
export interface Profile {
  /** What OCI knows the key by: `<tenancy>/<user>/<fingerprint>`, or a session's token. */
  readonly keyId: string;
  readonly privateKey: string;
  readonly passphrase: string | null;
  /** The OCID of whoever signs; null when it does not stand there. */
  readonly caller: string | null;
  /** Where whoever signs is at home; null where the profile leaves one of the two out. */
  readonly home: Home | null;
}

export interface Home {
  /** The tenancy's OCID. */
  readonly tenancy: string;
  /** A region that it has subscribed to. */
  readonly region: string;
}

export interface ProfileSource {
  readonly configFile: string;
  readonly profile: string;
  /** What `~` stands for. */
  readonly home: string;
  /** A session's token instead of a user's key. */
  readonly session: boolean;
}

/**
 * Reads a profile as the OCI CLI does (https://docs.oracle.com/en-us/iaas/Content/API/Concepts/sdkconfig.htm). Not with
 * the SDK's own reader: that one prints on standard output when there is no profile DEFAULT.
 */
export async function readProfile(source: ProfileSource): Promise<Profile> {
  const { profile, session } = source;
  const configFile = atHome(source.configFile, source);
  const values = profileIn(await readText(configFile, "the OCI configuration file"), source);
  const value = (name: string): string => {
    const found = values.get(name);
    if (found !== undefined && found !== "") return found;
    throw missing(`the profile ${profile} of ${configFile} has no ${name}`);
  };
  const privateKey = await readText(pathOf(value("key_file"), source), `the key of the profile ${profile}`);
  const passphrase = values.get("pass_phrase") || null;
  const [tenancy, region] = [values.get("tenancy"), values.get("region")];
  const home = tenancy && region ? { tenancy, region } : null;
  if (!session) {
    const user = value("user");
    return { keyId: `${value("tenancy")}/${user}/${value("fingerprint")}`, privateKey, passphrase, caller: user, home };
  }
  const token = (await readText(pathOf(value("security_token_file"), source), "the session's token")).trim();
  return { keyId: `ST$${token}`, privateKey, passphrase, caller: subjectOf(token), home };
}

/** The lines of one section, over those of DEFAULT. */
function profileIn(text: string, { configFile, profile }: ProfileSource): ReadonlyMap<string, string> {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) continue;
    const [, section] = /^\[(.+)\]$/.exec(trimmed) ?? [];
    if (section !== undefined) {
      current = sections.get(section.trim()) ?? new Map();
      sections.set(section.trim(), current);
      continue;
    }
    const at = trimmed.indexOf("=");
    if (at > 0) current?.set(trimmed.slice(0, at).trim(), trimmed.slice(at + 1).trim());
  }
  const own = sections.get(profile);
  if (own === undefined) throw missing(`${configFile} has no profile ${profile}`);
  return new Map([...(sections.get("DEFAULT") ?? []), ...own]);
}

function atHome(path: string, { home }: ProfileSource): string {
  return /^~[\\/]/.test(path) ? join(home, path.slice(2)) : path;
}

function pathOf(path: string, source: ProfileSource): string {
  const own = atHome(path, source);
  return isAbsolute(own) ? own : join(atHome(source.configFile, source), "..", own);
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw missing(`${what}, ${path}, cannot be read`, error);
  }
}

function missing(words: string, cause?: unknown): OciCallError {
  return new OciCallError({ kind: "credentials", words }, cause);
}

/** Who a session's token was made for: the `sub` of its claims, which are not checked here. Null for anything else. */
export function subjectOf(token: string): string | null {
  const [, claims = ""] = token.split(".");
  const value = parseJson(Buffer.from(claims, "base64url").toString("utf8"));
  return textField(value, "sub") ?? textField(field(value, "principal"), "id");
}
