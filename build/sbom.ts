import { readFileSync, writeFileSync } from "node:fs";
import { packageFolders } from "./notices.ts";

/** One package of the lockfile, as npm writes it (https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json). */
export interface LockedPackage {
  readonly name?: string;
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export interface Lockfile {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/**
 * What keygrant is made of, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the packages whose code is in the
 * bundle are `required`, those that only build and test it are `excluded`. The same lockfile and the same bundle make
 * the same bytes: no time, no serial number. `npm sbom` knows of no bundle, and says both of neither.
 */
export function sbom(lock: Lockfile, inputs: readonly string[]): string {
  const root = lock.packages[""] as LockedPackage;
  const bundled = new Set(packageFolders(inputs));
  const folders = Object.keys(lock.packages)
    .filter((folder) => folder.includes("node_modules/") && lock.packages[folder]?.link !== true)
    .sort();
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", ...identity("keygrant", root, "") } },
    components: folders.map((folder) => component(folder, lock, bundled.has(folder))),
    dependencies: [
      { ref: ref(""), dependsOn: folders.filter((folder) => bundled.has(folder)).map(ref) },
      ...folders.map((folder) => ({ ref: ref(folder), dependsOn: neededBy(folder, lock).map(ref) })),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function component(folder: string, lock: Lockfile, isBundled: boolean): unknown {
  const locked = lock.packages[folder] as LockedPackage;
  const [algorithm = "", digest = ""] = locked.integrity?.split("-") ?? [];
  return {
    type: "library",
    ...identity(nameOf(folder), locked, folder),
    scope: isBundled ? "required" : "excluded",
    hashes: [{ alg: algorithm.replace("sha", "SHA-"), content: Buffer.from(digest, "base64").toString("hex") }],
  };
}

function identity(name: string, { version, license = "" }: LockedPackage, folder: string) {
  const isExpression = / (?:OR|AND) /.test(license);
  const licenses = isExpression ? [{ expression: license }] : [{ license: { id: license } }];
  return { "bom-ref": ref(folder), name, version, licenses, purl: `pkg:npm/${name.replace("@", "%40")}@${version}` };
}

function ref(folder: string): string {
  return folder === "" ? "keygrant" : folder;
}

export function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** Where Node would find each dependency of the package in this folder; those for other machines are not there. */
function neededBy(folder: string, lock: Lockfile): readonly string[] {
  const names = Object.keys(lock.packages[folder]?.dependencies ?? {}).sort();
  return names.flatMap((name) => places(folder, name).find((place) => place in lock.packages) ?? []);
}

function places(folder: string, name: string): readonly string[] {
  const own = `${folder}/node_modules/${name}`;
  const outer = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1));
  return folder === "" ? [`node_modules/${name}`] : [own, ...places(outer, name)];
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lockfile;
  const modules = JSON.parse(readFileSync("dist/meta.json", "utf8")) as Readonly<Record<string, readonly string[]>>;
  writeFileSync("keygrant.cdx.json", sbom(lock, Object.values(modules).flat()));
}
