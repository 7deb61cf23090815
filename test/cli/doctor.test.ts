import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { AWS_NEEDS } from "../../src/clouds/aws/permissions.ts";
import { GCP_NEEDS } from "../../src/clouds/gcp/permissions.ts";
import { OCI_BESIDE, OCI_NEEDS } from "../../src/clouds/oci/permissions.ts";
import type { CheckLine, PermissionNeed } from "../../src/core/doctor.ts";
import { HEALTHY_AWS_KEY, HEALTHY_GCP_RSA_KEY, HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { auditor, GROUNDS, type Ground } from "./callers.ts";
import { type CliResult, openWorld } from "./harness.ts";
import { written } from "./peek.ts";

const NEEDS: Readonly<Record<string, readonly PermissionNeed[]>> = { aws: AWS_NEEDS, gcp: GCP_NEEDS, oci: OCI_NEEDS };

/** The subjects of the lines with this outcome; of all checks, or of one. */
function subjects({ json }: CliResult, outcome: CheckLine["outcome"], check?: CheckLine["check"]): readonly string[] {
  const lines: readonly CheckLine[] = json.checks;
  return lines
    .filter((line) => line.outcome === outcome && (check === undefined || line.check === check))
    .map(({ subject }) => subject);
}

describe.each(GROUNDS)("doctor on $cloud", ({ cloud, key }) => {
  it("is all pass as the owner, names every permission, and leaves no trace", async () => {
    await using world = await openWorld();
    const before = written(world);
    const result = await world.json(["doctor", key]);
    expect(subjects(result, "fail").concat(subjects(result, "unknown"), subjects(result, "skipped"))).toEqual([]);
    expect(result.exitCode).toBe(0);
    const needs = NEEDS[cloud]?.map(({ permission }) => permission).filter((one) => !one.endsWith(".viewPublicKey"));
    expect(subjects(result, "pass", "permission")).toEqual(expect.arrayContaining(needs ?? []));
    expect(written(world)).toEqual(before);
  });

  it("is all pass once onboarded, too", async () => {
    await using world = await openWorld();
    await world.run(["onboard", key, "--yes"]);
    const before = written(world);
    const { exitCode, json } = await world.json(["doctor", key]);
    expect({ exitCode, ...json.summary }).toMatchObject({ exitCode: 0, fail: 0, unknown: 0 });
    expect(written(world)).toEqual(before);
  });

  it("as the auditor names each missing permission, and says what to do", async () => {
    await using world = await openWorld();
    const result = await world.json(["doctor", key], auditor(world));
    const missing = NEEDS[cloud]?.filter(({ jobs }) => !jobs.includes("validate")).map(({ permission }) => permission);
    expect(subjects(result, "fail")).toEqual(missing?.filter((one) => !one.endsWith(".viewPublicKey")));
    expect(subjects(result, "unknown")).toEqual([]);
    expect(result.exitCode).toBe(3);
    for (const line of result.json.checks) if (line.outcome === "fail") expect(line.fix).toMatch(/docs\/permissions/);
  });

  it("as the auditor has all that --for validate asks for", async () => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(["doctor", key, "--for", "validate"], auditor(world));
    expect({ exitCode, ...json.summary }).toMatchObject({ exitCode: 0, fail: 0, unknown: 0, skipped: 0 });
  });

  it("with --look-only makes no call that writes or uses the key", async () => {
    await using world = await openWorld();
    const { exitCode } = await world.json(["doctor", key, "--look-only"]);
    expect(exitCode).toBe(0);
    const operations = world.sandbox.requests.map(({ operation }) => operation);
    expect(operations).not.toContain("PutKeyPolicy");
    expect(operations.filter((one) => /^(Create|Update|Delete|Set)/.test(one ?? ""))).toEqual([]);
    if (cloud === "oci") expect(operations).not.toContain("Encrypt");
  });
});

/** Each role of docs/permissions.md is enough, and every part of it is needed: the sandbox enforces them. */
describe.each(GROUNDS)("the roles of docs/permissions.md on $cloud", (ground) => {
  it("are enough to onboard and to validate, and doctor says so", async () => {
    await using world = await openWorld();
    ground.restrict(world, ground.role("onboard"));
    const doctor = await world.json(["doctor", ground.key, "--for", "onboard"]);
    expect(subjects(doctor, "fail").concat(subjects(doctor, "unknown"))).toEqual([]);
    const { exitCode, json } = await world.json(["onboard", ground.key, "--yes"]);
    expect({ exitCode, phase: json.key?.phase }).toEqual({ exitCode: 0, phase: "VALID" });
    ground.restrict(world, ground.role("validate"));
    const cron = await world.json(["validate", ground.key]);
    expect({ exitCode: cron.exitCode, phase: cron.json.keys[0].phase }).toEqual({ exitCode: 0, phase: "VALID" });
  });

  it.each(["onboard", "validate", "revoke", "roundtrip"] as const)(
    "for %s: doctor names what is left out",
    async (job) => {
      for (const piece of ground.role(job)) {
        await using world = await openWorld();
        ground.restrict(world, without(ground, job, piece));
        const result = await world.json(["doctor", ground.key, "--for", job]);
        if (piece.endsWith(".viewPublicKey")) continue;
        const named = subjects(result, "fail").concat(subjects(result, "unknown"));
        expect(
          named.some((subject) => piece.includes(subject)),
          `${piece}: ${named}`,
        ).toBe(true);
        expect(result.exitCode).not.toBe(0);
      }
    },
  );

  it("and without any part that is not optional nothing is onboarded", async () => {
    const optional = NEEDS[ground.cloud]?.filter((one) => one.optional === true).map(({ permission }) => permission);
    for (const piece of ground.role("onboard").filter((one) => !optional?.includes(one))) {
      await using world = await openWorld();
      ground.restrict(world, without(ground, "onboard", piece));
      const { exitCode, json } = await world.json(["onboard", ground.key, "--yes"]);
      expect([3, 12], piece).toContain(exitCode);
      expect(json.key?.phase, piece).not.toBe("VALID");
    }
  });
});

/** A round trip alone needs to see the key at OCI and at Google, which its role leaves to the looking one. */
function without(ground: Ground, job: Parameters<Ground["role"]>[0], piece: string): readonly string[] {
  const looking = job === "roundtrip" ? ground.role("validate") : [];
  return [...looking, ...ground.role(job)].filter((one) => one !== piece);
}

describe("doctor without a key", () => {
  it("says what can be said without one, and that it is not all", async () => {
    await using world = await openWorld();
    const result = await world.json(["doctor"]);
    expect(result.exitCode).toBe(0);
    expect(subjects(result, "skipped", "permission")).toEqual(["all", "all", "all"]);
    expect(subjects(result, "pass", "credentials")).toEqual(["token", "caller", "caller", "caller"]);
  });

  it("skips a cloud for which there are no credentials", async () => {
    await using world = await openWorld();
    const env = { OCI_CLI_CONFIG_FILE: "/nonexistent/config" };
    const { exitCode, stdout } = await world.run(["doctor"], { env });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/skipped +credentials +No credentials found\./),
    });
    const needed = await world.json(["doctor", HEALTHY_OCI_KEY], { env });
    expect({ exitCode: needed.exitCode, failed: subjects(needed, "fail") }).toEqual({
      exitCode: 2,
      failed: ["caller"],
    });
  });
});

describe("what is wrong before any permission", () => {
  it("a token that the vendor does not take", async () => {
    await using world = await openWorld();
    const result = await world.json(["doctor", HEALTHY_AWS_KEY], { env: { AIVEN_AUTH_TOKEN: "worn-out" } });
    expect({ exitCode: result.exitCode, failed: subjects(result, "fail") }).toEqual({ exitCode: 2, failed: ["token"] });
  });

  it("no token, and the cloud is looked at all the same", async () => {
    await using world = await openWorld();
    const env = { AIVEN_AUTH_TOKEN: undefined };
    const result = await world.json(["doctor", HEALTHY_AWS_KEY], { env });
    expect({ exitCode: result.exitCode, failed: subjects(result, "fail") }).toEqual({
      exitCode: 2,
      failed: ["caller"],
    });
    expect(subjects(result, "pass", "permission")).toContain("kms:PutKeyPolicy");
  });

  it("a project that there is not", async () => {
    await using world = await openWorld();
    const result = await world.json(["doctor", HEALTHY_AWS_KEY, "-p", "nowhere"]);
    expect({ exitCode: result.exitCode, failed: subjects(result, "fail") }).toEqual({
      exitCode: 3,
      failed: ["operator on nowhere", "accessors of nowhere"],
    });
  });

  it("credentials that a cloud does not take", async () => {
    await using world = await openWorld();
    const env = { AWS_SECRET_ACCESS_KEY: "wrong" };
    const result = await world.json(["doctor", HEALTHY_AWS_KEY], { env });
    expect({ exitCode: result.exitCode, failed: subjects(result, "fail") }).toEqual({
      exitCode: 2,
      failed: ["caller"],
    });
  });

  it("an endpoint that is not there is not known, and never a pass", async () => {
    await using world = await openWorld();
    const env = { AWS_ENDPOINT_URL_KMS: "http://127.0.0.1:9" };
    const result = await world.json(["doctor", HEALTHY_AWS_KEY], { env });
    expect(result.exitCode).toBe(12);
    expect(subjects(result, "unknown")).toEqual(["KMS http://127.0.0.1:9", ...AWS_NEEDS.map((one) => one.permission)]);
  });
});

describe("never a false pass", () => {
  it.each([
    ["aws", "500=1@PutKeyPolicy", "kms:PutKeyPolicy"],
    ["aws", "html=1@Decrypt", "kms:Decrypt"],
    ["aws", "ok-error=1@ListGrants", "kms:ListGrants"],
    ["aws", "ok-error=1@Decrypt", "kms:Decrypt"],
    ["gcp", "ok-error=1@GetIamPolicy", "cloudkms.cryptoKeys.getIamPolicy"],
    ["gcp", "ok-error=1@ListCryptoKeyVersions", "cloudkms.cryptoKeyVersions.list"],
    ["gcp", "500=1@TestIamPermissions", "cloudkms.cryptoKeys.setIamPolicy"],
    ["gcp", "ok-error=1@TestIamPermissions", "cloudkms.cryptoKeys.setIamPolicy"],
    ["gcp", "html=1@TestIamPermissions", "cloudkms.cryptoKeyVersions.useToDecrypt"],
    ["oci", "500=1@CreatePolicy", "manage policies"],
    ["oci", "500=1@Decrypt", "KEY_DECRYPT"],
  ])("%s with %s: %s is unknown", async (cloud, fault, permission) => {
    await using world = await openWorld({ knobs: { faults: [fault] } });
    const key = GROUNDS.find((one) => one.cloud === cloud)?.key ?? "";
    const result = await world.json(["doctor", key]);
    expect(subjects(result, "unknown")).toContain(permission);
    expect(result.exitCode).toBe(12);
  });

  it("of an RSA key the public key counts, and encrypting does not", async () => {
    await using world = await openWorld();
    const result = await world.json(["doctor", HEALTHY_GCP_RSA_KEY]);
    const passed = subjects(result, "pass", "permission");
    expect(passed).toContain("cloudkms.cryptoKeyVersions.viewPublicKey");
    expect(passed).not.toContain("cloudkms.cryptoKeyVersions.useToEncrypt");
  });

  it("of a key that there is not, nothing is said to be allowed at AWS", async () => {
    await using world = await openWorld();
    const gone = HEALTHY_AWS_KEY.replace("11111111-1111", "00000000-0000");
    const result = await world.json(["doctor", gone]);
    expect(subjects(result, "pass", "permission").filter((one) => one.startsWith("kms:"))).toEqual([]);
    expect(result.exitCode).toBe(12);
  });
});

/** A call without a line would be a right that nobody asked for. */
it.each([
  ["aws", /import \{([^}]+)\} from "@aws-sdk\/client-kms"/, /(\w+)Command\b/g],
  ["oci", /([\s\S]+)/, /client\.(?!endpoint)(\w+)\(/g],
])("every call of %s stands in the table", async (cloud, part, call) => {
  const text = await readFile(new URL(`../../src/clouds/${cloud}/sdk.ts`, import.meta.url), "utf8");
  const names = [...(part.exec(text)?.[1] ?? "").matchAll(call)].map(([, name = ""]) => name.toLowerCase());
  expect(names.length).toBeGreaterThan(5);
  const said = [...(NEEDS[cloud] ?? []), ...OCI_BESIDE].map(({ calls }) => calls.toLowerCase()).join(", ");
  expect(names.filter((name) => !said.split(", ").includes(name))).toEqual([]);
});
