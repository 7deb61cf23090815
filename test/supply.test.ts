import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { notices, packageFolders } from "../build/notices.ts";
import { type Lockfile, nameOf, sbom } from "../build/sbom.ts";

/** What keygrant is made of, and what is handed out. Built once before, as the other tests of the built command. */
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lockfile;
const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const modules = JSON.parse(readFileSync("dist/meta.json", "utf8")) as Readonly<Record<string, readonly string[]>>;
const inputs = Object.values(modules).flat();
const bundled = packageFolders(inputs);
/** Without keygrant itself and the folder of the oldest Node, which stand here as workspaces. */
const locked = Object.entries(lock.packages).filter(([folder, { link }]) => folder.includes("node_modules/") && !link);

/** Each asks for its notice and for nothing of ours. */
const PERMISSIVE = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"];
/** Tools of ours under terms that are not: never bundled, so that the terms meet nobody who uses keygrant. */
const TOOLS_ALONE: Readonly<Record<string, RegExp>> = { "MPL-2.0": /^lightningcss/ };

/** Of a choice, one suffices. */
function isPermissive(license: string): boolean {
  const choices = license.replaceAll(/[()]/g, "").split(" OR ");
  return choices.some((one) => PERMISSIVE.includes(one));
}

describe("the lockfile", () => {
  it("is of version 3, and holds every package's hash and no address", () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(locked.length).toBeGreaterThan(300);
    const wrong = locked.filter(
      ([, { integrity, resolved }]) => !integrity?.startsWith("sha512-") || resolved !== undefined,
    );
    expect(wrong).toEqual([]);
  });

  it("asks of the root what package.json asks, exactly, and of whoever installs keygrant nothing", () => {
    expect(lock.packages[""]).toMatchObject({ version: manifest.version, devDependencies: manifest.devDependencies });
    const loose = Object.values(manifest.devDependencies as Record<string, string>).filter((one) => !/^\d/.test(one));
    expect(loose).toEqual([]);
    for (const kind of ["dependencies", "optionalDependencies", "peerDependencies", "bundleDependencies"])
      expect(manifest[kind], kind).toBeUndefined();
  });

  it("has install scripts in packages that somebody decided about, and keygrant has none of its own", () => {
    const names = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([folder]) => nameOf(folder));
    expect([...new Set(names)].sort()).toEqual(Object.keys(manifest.allowScripts).sort());
    expect(Object.keys(manifest.scripts)).not.toEqual(expect.arrayContaining([expect.stringMatching(/install/)]));
  });
});

describe("licences", () => {
  it("are permissive, all of them, and the packages say the same themselves", () => {
    for (const [folder, { license = "" }] of locked) {
      // What is for other machines is not here.
      if (existsSync(`${folder}/package.json`))
        expect(JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).license, folder).toBe(license);
      if (isPermissive(license)) continue;
      expect(TOOLS_ALONE[license]?.test(nameOf(folder)), `${folder}: ${license}`).toBe(true);
      expect(bundled).not.toContain(folder);
    }
  });

  it("would not be taken for permissive when they are not", () => {
    for (const license of ["", "GPL-3.0-only", "MIT AND GPL-2.0-only", "SEE LICENSE IN X", "UNLICENSED", "BUSL-1.1"])
      expect(isPermissive(license), license).toBe(false);
  });

  it("of what is bundled go along, each with its text", () => {
    const text = readFileSync("dist/THIRD-PARTY-NOTICES.md", "utf8");
    expect(text).toBe(notices(inputs));
    expect(bundled.length).toBeGreaterThan(100);
    for (const folder of bundled) {
      const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
      const title = `## ${name} ${version} (${license})\n\n`;
      const at = text.indexOf(title);
      expect(at, title).toBeGreaterThan(-1);
      const next = text.indexOf("\n## ", at + title.length);
      const terms = text.slice(at + title.length, next < 0 ? undefined : next);
      expect(terms.length, title).toBeGreaterThan(150);
    }
    expect(text).toContain(readFileSync("node_modules/oci-common/NOTICE.txt", "utf8").trim());
  });
});

describe("the list of what keygrant is made of", () => {
  const text = sbom(lock, inputs);
  const document = JSON.parse(text);

  it("names every package with its hash, and which are in the bundle", () => {
    expect(document).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
    expect(document.components).toHaveLength(locked.length);
    const required = document.components.filter((one: { scope: string }) => one.scope === "required");
    expect(required.map((one: { "bom-ref": string }) => one["bom-ref"]).sort()).toEqual(bundled);
    for (const { hashes, purl } of document.components) {
      expect(hashes, purl).toEqual([{ alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) }]);
      expect(purl).toMatch(/^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@\d/);
    }
  });

  it("names each once, and knows every dependency that it points at", () => {
    const refs: readonly string[] = document.dependencies.map((one: { ref: string }) => one.ref);
    expect(new Set(refs).size).toBe(refs.length);
    for (const { dependsOn } of document.dependencies) expect(refs).toEqual(expect.arrayContaining(dependsOn));
    const ofSdk = document.dependencies.find((one: { ref: string }) => one.ref === "node_modules/@aws-sdk/client-kms");
    expect(ofSdk.dependsOn).toContain("node_modules/@aws-sdk/core");
  });

  it("is the same each time", () => {
    expect(sbom(structuredClone(lock), [...inputs].reverse())).toBe(text);
    expect(text).not.toMatch(/timestamp|serialNumber/);
  });
});

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly needs?: string;
  readonly steps: readonly Step[];
}

describe("the release workflow", () => {
  const text = readFileSync(".github/workflows/release.yml", "utf8");
  const workflow = parse(text) as { permissions: unknown; on: unknown; jobs: Readonly<Record<string, Job>> };

  it("gives each job what it needs, and the tests nothing", () => {
    expect(workflow.on).toEqual({ push: { tags: ["v[0-9]+.[0-9]+.[0-9]+"] } });
    expect(workflow.permissions).toEqual({});
    const permissions = Object.entries(workflow.jobs).map(([name, job]) => [name, job.permissions, job.needs]);
    expect(permissions).toEqual([
      ["test", { contents: "read" }, undefined],
      ["publish", { contents: "read", "id-token": "write" }, "test"],
      ["release", { contents: "write" }, "publish"],
    ]);
    expect(text).not.toContain("secrets.");
  });

  it("runs npm ci, npm test, npm pack, publishes with provenance, and attaches the SBOM", () => {
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    const runs = steps.flatMap(({ run }) => run ?? []);
    for (const said of ["npm ci", "npm test", "npm pack", "npm run sbom"]) expect(runs).toContain(said);
    expect(runs.find((run) => run.startsWith("npm publish"))).toContain("--provenance");
    expect(runs.find((run) => run.startsWith("gh release create"))).toContain(" keygrant.cdx.json");
    // What somebody names a tag is data, and is never pasted into a shell.
    for (const run of runs) expect(run).not.toContain("${{");
  });

  it("uses no action that CI does not use", () => {
    const used = (path: string) => [...readFileSync(path, "utf8").matchAll(/uses: (\S+)/g)].map(([, action]) => action);
    expect(used(".github/workflows/ci.yml")).toEqual(
      expect.arrayContaining(used(".github/workflows/release.yml") as string[]),
    );
  });
});

describe("what is handed out", () => {
  const folder = mkdtempSync(join(tmpdir(), "keygrant-pack-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  // A cache of its own, nothing of the user's configuration, and nobody to call.
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, npm_config_cache: join(folder, "cache") };

  function npm(args: readonly string[]): string {
    const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    return execFileSync("npm", [...args, ...quiet], { encoding: "utf8", env });
  }

  it("holds only what it should, and runs where nothing else is", { timeout: 120_000 }, () => {
    const [packed] = JSON.parse(npm(["pack", "--json", "--pack-destination", folder]));
    const paths: readonly string[] = packed.files.map((file: { path: string }) => file.path);
    expect([...new Set(paths.map((path) => path.split("/")[0]))].sort()).toEqual([
      ...["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"],
      ...["bin", "dist", "docs", "package.json", "policies"],
    ]);
    const stray = paths.filter((path) => !/\.(?:js|d\.ts|json|md)$|^LICENSE$/.test(path));
    expect(stray.filter((path) => !path.startsWith("docs/"))).toEqual([]);
    expect(paths).not.toContain("dist/meta.json");
    expect(paths).toContain("dist/THIRD-PARTY-NOTICES.md");
    expect(packed.bundled).toEqual([]);

    const home = join(folder, "empty");
    npm(["install", "--global", "--prefix", home, join(folder, packed.filename)]);
    const installed = join(home, "lib", "node_modules", "keygrant");
    expect(existsSync(join(installed, "node_modules"))).toBe(false);
    const run = (...args: string[]) =>
      execFileSync(process.execPath, ["--", join(home, "bin", "keygrant"), ...args], {
        encoding: "utf8",
        env,
        cwd: home,
      });
    expect(run("--version")).toContain(manifest.version);
    const role = "arn:aws:iam::123456789012:role/aiven-cmk-anchor";
    const statement = run("policy", "--cloud", "aws", "--accessor", `role_arn=${role}`, "--format", "json");
    expect(JSON.parse(statement).Principal).toEqual({ AWS: role });
  });
});
