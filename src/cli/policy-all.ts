import { lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CloudDialect, PolicyFormat, PolicyText } from "../core/cloud.ts";
import { usageError } from "../core/errors.ts";
import { markdownText } from "../core/markdown.ts";

/** What a file is called behind the cloud's and the key kind's names. */
const ENDINGS: Readonly<Record<PolicyFormat, string>> = {
  json: "json",
  document: "document.json",
  cli: "sh",
  terraform: "tf",
  cloudformation: "cloudformation.json",
  markdown: "md",
};

export interface PolicyFile {
  readonly path: string;
  readonly cloud: string;
  readonly kind: string;
  readonly format: PolicyFormat;
}

interface Printable {
  readonly dialect: CloudDialect;
  readonly text: PolicyText;
}

/**
 * Writes every form of every grant, each file as a whole or not at all, and an index that says of each, those without
 * comments too, from which page it comes. The same grant gives the same files: they can be kept under version control.
 */
export async function writeAll(
  folder: string,
  grants: readonly Printable[],
  everyKind: boolean,
): Promise<readonly PolicyFile[]> {
  const files = grants.flatMap(({ dialect, text }) => {
    const kinds = everyKind ? text.grant.policy.key.kinds : [text.kind];
    return kinds.flatMap((kind) => filesOf(folder, dialect, { ...text, kind }));
  });
  const index = join(folder, "README.md");
  await makeFolder(folder);
  for (const { path, content } of [...files, { path: index, content: indexOf(files) }]) await write(path, content);
  return files.map(({ path, cloud, kind, format }) => ({ path, cloud, kind, format }));
}

interface File extends PolicyFile {
  readonly name: string;
  readonly content: string;
  readonly source: string;
}

/** What needs a present document is left out where none was given. */
function filesOf(folder: string, dialect: CloudDialect, text: PolicyText): readonly File[] {
  const { cloud, source, vendor } = text.grant.policy;
  return Object.entries(dialect.print).flatMap(([name, print]) => {
    const format = name as PolicyFormat;
    if (format === "document" && text.current === null) return [];
    const file = `${vendor}-${cloud}-${text.kind.name}.${ENDINGS[format]}`;
    const about = { cloud, kind: text.kind.name, format, source: `<${source.page}>, as of ${source.checked}` };
    return [{ ...about, name: file, path: join(folder, file), content: print(text) }];
  });
}

function indexOf(files: readonly File[]): string {
  return [
    "# What a vendor would be granted",
    "",
    "Made by `keygrant policy --all`. Nothing here is applied until somebody does.",
    "",
    "| file | cloud | keys | source |",
    "|---|---|---|---|",
    ...files.map(
      ({ name, cloud, kind, source }) => `| [${name}](${name}) | ${cloud} | ${markdownText(kind)} | ${source} |`,
    ),
  ].join("\n");
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw unwritable(folder, error);
  }
}

async function write(path: string, content: string): Promise<void> {
  const { default: writeFileAtomic } = await import("write-file-atomic");
  try {
    // The library would write to where a link leads; the folder may have come with a repository.
    if ((await lstat(path).catch(() => null))?.isSymbolicLink()) await rm(path);
    await writeFileAtomic(path, `${content}\n`, { mode: 0o644 });
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown) {
  return usageError("usage.out", `${path} cannot be written.`, "Check the folder and its rights.", error);
}
