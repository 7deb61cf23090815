import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Looks for secrets in texts and bytes, in every form in which one may get out. */

/** What a secret is looked for as. */
export interface Canary {
  /** What it is, for the message of a test that found it. */
  readonly what: string;
  readonly forms: readonly string[];
}

/** Shorter pieces occur by chance. */
const LEAST = 8;

/**
 * A text, as it is and as it looks in JSON, in a URL, in XML, in hexadecimal and in base64: alone, and in the middle of
 * something longer, `user:password` say, where the same bytes give one of three texts.
 */
export function canary(what: string, secret: string | Uint8Array): Canary {
  const bytes = Buffer.from(secret);
  const written = typeof secret === "string" ? textForms(secret) : [bytes.toString("latin1")];
  const coded = [0, 1, 2].flatMap((offset) => base64Forms(bytes, offset));
  const forms = [...written, bytes.toString("hex"), bytes.toString("hex").toUpperCase(), ...coded];
  return { what, forms: [...new Set(forms)].filter((form) => form.length >= LEAST) };
}

/** Each line of a PEM file is as good as the whole. */
export function pemCanaries(what: string, pem: string): readonly Canary[] {
  const lines = pem.split(/\r?\n/).filter((line) => line.length > LEAST && !line.includes("-----"));
  return [canary(what, pem), ...lines.map((line, at) => ({ what: `${what}, line ${at + 1}`, forms: [line] }))];
}

function textForms(secret: string): readonly string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inXml = secret
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  const inUrl = encodeURIComponent(secret);
  return [secret, inJson, JSON.stringify(inJson).slice(1, -1), inXml, inUrl, encodeURI(secret), inUrl.toLowerCase()];
}

/** Without the characters that also depend on what stands before and behind. */
function base64Forms(bytes: Buffer, offset: number): readonly string[] {
  const before = Buffer.alloc(offset);
  const padded = Buffer.concat([before, bytes]);
  const whole = padded.subarray(0, padded.length - (padded.length % 3));
  const from = offset === 0 ? 0 : 4;
  return [whole.toString("base64").slice(from), whole.toString("base64url").slice(from)];
}

/** What was found, the first of each; nothing when there is nothing. */
export function found(canaries: readonly Canary[], text: string): readonly string[] {
  return canaries.filter(({ forms }) => forms.some((form) => text.includes(form))).map(({ what }) => what);
}

/** The same in every file of a folder, bytes as they are: of a database, its log too. */
export async function foundInFiles(canaries: readonly Canary[], folder: string): Promise<readonly string[]> {
  const all: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const names = [...found(canaries, bytes.toString("latin1")), ...found(canaries, bytes.toString("utf8"))];
    all.push(...new Set(names.map((what) => `${what} in ${path}`)));
  }
  return all;
}
