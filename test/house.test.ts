import { glob, readFile } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { CLOUD_IDS } from "../src/clouds/index.ts";
import { shippedPolicies } from "../src/io/policies.ts";
import { policySchema } from "../src/io/policy-schema.ts";
import { VENDOR_IDS } from "../src/vendors/index.ts";

/** Which parts of the house may import which (DESIGN, "The house"). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ["core", "clouds", "vendors", "report", "state", "io", "notify", "sandbox"],
  clouds: ["core", "io"],
  vendors: ["core", "io"],
  report: ["core", "io"],
  state: ["core", "io"],
  notify: ["core", "io"],
  io: ["core"],
  sandbox: ["core"],
  core: [],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

async function imports(): Promise<readonly Import[]> {
  const found: Import[] = [];
  for await (const path of glob("src/**/*.ts")) {
    const text = await readFile(path, "utf8");
    const specifiers = [...text.matchAll(/^(?:import|export)\b[^;"]*\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/gm)].map(
      ([, fixed, lazy]) => fixed ?? lazy ?? "",
    );
    for (const specifier of specifiers) {
      const to = specifier.startsWith(".") ? relative(".", normalize(join(dirname(path), specifier))) : specifier;
      found.push({ from: path, to });
    }
  }
  return found;
}

function part(path: string): string {
  return path.split("/")[1] ?? "";
}

function isSource(path: string): boolean {
  return path.startsWith("src/");
}

const all = await imports();

describe("imports run one way", () => {
  it("finds imports at all", () => {
    expect(all.length).toBeGreaterThan(100);
  });

  it("between the parts of the house", () => {
    const wrong = all.filter(({ from, to }) => {
      if (!isSource(to) || from === "src/index.ts" || part(from) === part(to)) return false;
      if (part(from) === "sandbox" && /^src\/clouds\/\w+\/key\.ts$/.test(to)) return false;
      return !MAY_IMPORT[part(from)]?.includes(part(to));
    });
    expect(wrong).toEqual([]);
  });

  it("clouds and vendors never import one another", () => {
    const owner = (path: string) => /^src\/(?:clouds|vendors)\/(\w+)\//.exec(path)?.[1];
    const wrong = all.filter(({ from, to }) => owner(from) && owner(to) && owner(from) !== owner(to));
    expect(wrong).toEqual([]);
  });

  it("core leans on nothing, not even a library", () => {
    const wrong = all.filter(({ from, to }) => part(from) === "core" && !to.startsWith("src/core/"));
    expect(wrong).toEqual([]);
  });

  it("SDKs stand in a cloud's sdk.ts alone, or in the sandbox", () => {
    const sdk = /^(@aws-sdk|@smithy|@google-cloud|google-|gaxios|oci-)/;
    const wrong = all.filter(({ from, to }) => sdk.test(to) && !/^src\/(clouds\/\w+\/sdk|sandbox\/)/.test(from));
    expect(wrong).toEqual([]);
  });

  it("the environment is read in one place", async () => {
    const wrong: string[] = [];
    for await (const path of glob("src/**/*.ts")) {
      if (path !== "src/cli/host.ts" && /process\.env\b/.test(withoutComments(await readFile(path, "utf8"))))
        wrong.push(path);
    }
    expect(wrong).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

describe("the axes", () => {
  it("policies/<vendor>/<cloud>.json are what is built in, and fit their schema", async () => {
    const files: string[] = [];
    for await (const path of glob("policies/*/*.json")) files.push(path);
    const shipped = shippedPolicies().map((policy) => `policies/${policy.vendor}/${policy.cloud}.json`);
    expect(files.sort()).toEqual(shipped.sort());
    for (const policy of shippedPolicies()) expect(policySchema.parse(policy)).toEqual(policy);
  });

  it("every cloud and vendor that is registered has its folder, and the other way round", async () => {
    const folders = async (pattern: string) => {
      const names: string[] = [];
      for await (const path of glob(pattern)) names.push(path.split("/").at(-2) ?? "");
      return [...new Set(names)].sort();
    };
    expect(await folders("src/clouds/*/sdk.ts")).toEqual([...CLOUD_IDS].sort());
    expect(await folders("src/vendors/*/client.ts")).toEqual([...VENDOR_IDS].sort());
  });
});
