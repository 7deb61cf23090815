import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigFileAuthenticationDetailsProvider } from "oci-common";
import { describe, expect, test } from "vitest";
import { CODES } from "../../../src/core/findings.ts";
import {
  HEALTHY_OCI_KEY,
  OCI_AUDITOR,
  OCI_GROUP_DEMO,
  OCI_GROUP_SECOND,
  OCI_OWNER,
  OCI_OWNER_TENANCY,
  OCI_VENDOR_TENANCY,
  PROJECTS,
} from "../../../src/sandbox/cast.ts";
import { sandboxKeys, startSandbox } from "../../../src/sandbox/index.ts";
import type { SandboxContext } from "../../../src/sandbox/module.ts";
import { freshOciWorld, ociKeys } from "../../../src/sandbox/oci/keys.ts";
import { keyIdOf } from "../../../src/sandbox/oci/sign.ts";
import { canUseOci } from "../../../src/sandbox/oci/vendor.ts";
import { folder, optionsWith } from "../kit.ts";
import { at, stage } from "./kit.ts";

const still: SandboxContext = {
  clock: { now: () => new Date("2026-11-20T10:00:00Z"), sleep: async () => {} },
  random: (size) => new Uint8Array(size).fill(7),
  origin: () => "http://127.0.0.1:1",
  knobs: { propagationMs: 0, vendorAwsEndpoint: null },
};

const DEMO = { access_group: OCI_GROUP_DEMO, access_tenant: OCI_VENDOR_TENANCY };

describe("the fresh world", () => {
  test("is the same every time, and survives JSON", () => {
    const world = freshOciWorld(still);
    expect(freshOciWorld(still)).toEqual(world);
    expect(JSON.parse(JSON.stringify(world))).toEqual(world);
  });

  test("has every OCID and every name of a policy once", () => {
    const { keys, policies, compartments, groups, vaults } = freshOciWorld(still);
    for (const things of [keys, policies, compartments, groups, vaults]) {
      expect(new Set(things.map(({ id }) => id)).size).toBe(things.length);
    }
    expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
  });

  test("is what the list says", () => {
    const { keys } = freshOciWorld(still);
    const listed = ociKeys();
    expect(sandboxKeys()).toEqual(expect.arrayContaining([...listed]));
    expect(listed.find(({ name }) => name === "healthy")?.id).toBe(HEALTHY_OCI_KEY);
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
    for (const { name, id, code } of listed) {
      expect(id).toMatch(/^ocid1\.key\.oc1\.[a-z]+-[a-z]+-1\.[a-z]+\.[a-z0-9]+$/);
      if (code !== null) expect(CODES.map((entry): string => entry.code)).toContain(code);
      const there = keys.some((key) => key.id === id);
      expect(there, name).toBe(!["absent", "region-not-subscribed"].includes(name));
    }
  });

  test("says of its regions which is home", async () => {
    await using on = await stage();
    const path = `/20160918/tenancies/${OCI_OWNER_TENANCY}/regionSubscriptions`;
    expect((await on.ask("GET", path)).body).toEqual([
      { regionKey: "FRA", regionName: "eu-frankfurt-1", status: "READY", isHomeRegion: true },
      { regionKey: "IAD", regionName: "us-ashburn-1", status: "READY", isHomeRegion: false },
      { regionKey: "AMS", regionName: "eu-amsterdam-1", status: "READY", isHomeRegion: false },
    ]);
    expect((await on.ask("GET", path.replace(OCI_OWNER_TENANCY, OCI_VENDOR_TENANCY))).status).toBe(404);
  });

  test("compartments lead to the root", async () => {
    await using on = await stage();
    const list = `/20160918/compartments?compartmentId=${OCI_OWNER_TENANCY}`;
    expect(at(await on.ask("GET", list), "length")).toBe(6);
    const all = await on.ask("GET", `${list}&compartmentIdInSubtree=true&accessLevel=ANY`);
    expect(at(all, "length")).toBe(7);
    const [prod] = (all.body as { id: string; name: string }[]).filter(({ name }) => name === "prod");
    let id: unknown = prod?.id;
    const names = [];
    while (typeof id === "string") {
      const told = await on.ask("GET", `/20160918/compartments/${id}`);
      names.push(at(told, "name"));
      id = at(told, "compartmentId");
    }
    expect(names).toEqual(["prod", "team", "keyowner"]);
    const below = `/20160918/compartments?compartmentId=${prod?.id}&compartmentIdInSubtree=true`;
    expect(await on.ask("GET", below)).toMatchObject({ status: 400, body: { code: "InvalidParameter" } });
  });

  test("groups are those of one's own tenancy", async () => {
    await using on = await stage();
    const told = await on.ask("GET", `/20160918/groups?compartmentId=${OCI_OWNER_TENANCY}`);
    expect((told.body as { name: string }[]).map(({ name }) => name)).toEqual([
      "Administrators",
      "Auditors",
      "PlatformEngineers",
    ]);
    expect((await on.ask("GET", `/20160918/groups/${OCI_OWNER.group}`)).status).toBe(200);
    expect((await on.ask("GET", `/20160918/groups/${OCI_GROUP_DEMO}`)).status).toBe(404);
  });
});

describe("the vendor's side", () => {
  const USABLE = [
    "granted",
    "granted-together",
    "granted-with-it",
    "other-region",
    "aes-16",
    "unparsable",
    "too-broad",
    "any-user",
    "unreadable",
    "software",
    "rotation-off",
    "old-version-disabled",
    "old-version-going",
  ];
  const REFUSED: Readonly<Record<string, RegExp>> = {
    deleted: /^IncorrectState: .* DELETED/,
    disabled: /^IncorrectState: .* DISABLED/,
    "pending-deletion": /^IncorrectState: .* PENDING_DELETION/,
    creating: /^IncorrectState: .* CREATING/,
    enabling: /^IncorrectState: .* ENABLING/,
    rsa: /^InvalidParameter: /,
    ecdsa: /^InvalidParameter: /,
    throttled: /^TooManyRequests: /,
    "internal-error": /^InternalServerError: /,
    "hangs-up": /hang up|ECONNRESET/,
    "region-not-offered": /^NotAuthenticated: /,
    "region-not-subscribed": /^NotAuthenticated: /,
  };

  test("can use what it should, and is refused for the right reason", async () => {
    await using on = await stage();
    const live = { ...still, origin: () => on.sandbox.origin };
    for (const { name, id } of ociKeys()) {
      const outcome = await canUseOci(DEMO, id, live);
      if (USABLE.includes(name)) expect(outcome, name).toEqual({ ok: true });
      else {
        const reason = expect.stringMatching(REFUSED[name] ?? /^NotAuthorizedOrNotFound: /);
        expect(outcome, name).toEqual({ ok: false, reason });
      }
    }
  });

  test("another project's group is another group", async () => {
    await using on = await stage();
    const live = { ...still, origin: () => on.sandbox.origin };
    const granted = HEALTHY_OCI_KEY.replace("healthy", "granted");
    const second = { ...DEMO, access_group: OCI_GROUP_SECOND };
    expect(await canUseOci(second, granted, live)).toMatchObject({ ok: false });
    expect(await canUseOci({ ...DEMO, access_group: "any-user" }, granted, live)).toEqual({
      ok: false,
      reason: "the vendor has no group any-user",
    });
    expect(await canUseOci({ ...DEMO, access_tenant: OCI_OWNER_TENANCY }, granted, live)).toMatchObject({ ok: false });
  });

  test("registers a key that was granted, and turns red when the grant is gone", async () => {
    await using on = await stage();
    expect(await on.register(HEALTHY_OCI_KEY)).toMatchObject({
      status: 400,
      body: { message: "Cannot verify encrypt/decrypt access" },
    });
    const statements = [
      `define tenancy AT as ${OCI_VENDOR_TENANCY}`,
      `define group AG as ${OCI_GROUP_DEMO}`,
      "admit group AG of tenancy AT to use keys in tenancy",
    ];
    const details = { compartmentId: OCI_OWNER_TENANCY, name: "aiven-cmk-access", description: "x", statements };
    const policy = await on.ask("POST", "/20160918/policies", details);
    expect(await on.register(HEALTHY_OCI_KEY)).toMatchObject({ status: 201, body: { cmk: { provider: "oci" } } });
    expect(await on.register(HEALTHY_OCI_KEY, "second")).toMatchObject({ status: 400 });
    await on.ask("DELETE", `/20160918/policies/${String(at(policy, "id"))}`);
    expect(await on.register(HEALTHY_OCI_KEY.replace("healthy", "wronggroup"))).toMatchObject({ status: 400 });
    const inside = on.sandbox.requests.filter((request) => request.inside).map(({ operation }) => operation);
    expect(inside).toContain("Decrypt");
  });

  test("of a region that it does not offer it says no more than that something failed", async () => {
    await using on = await stage();
    const id = ociKeys().find(({ name }) => name === "region-not-offered")?.id ?? "";
    expect(await on.register(id)).toMatchObject({ status: 400, body: { message: "CMK validation failed" } });
    on.sandbox.turn({ ociRegions: ["eu-amsterdam-1"] });
    // Its tenancy has not subscribed to the region either.
    expect(await on.register(id)).toMatchObject({
      status: 400,
      body: { message: "Cannot verify encrypt/decrypt access" },
    });
  });

  test("neither faults nor delays touch its calls", async () => {
    await using on = await stage({ faults: ["throttle=1@crypt"] });
    const granted = HEALTHY_OCI_KEY.replace("healthy", "granted");
    expect((await on.register(granted)).status).toBe(201);
    const told = await on.ask("POST", "/20180608/encrypt", { keyId: granted, plaintext: "YWI=" });
    expect(told).toEqual(
      expect.objectContaining({ status: 429, body: { code: "TooManyRequests", message: "User-rate limit exceeded." } }),
    );
  });

  test("names a principal for each project, safe or not", () => {
    const accessors = Object.fromEntries(PROJECTS.map(({ name, accessors }) => [name, accessors["oci"]]));
    expect(accessors).toMatchObject({
      demo: DEMO,
      second: { access_group: OCI_GROUP_SECOND },
      "unsafe-owner": { access_tenant: OCI_OWNER_TENANCY },
    });
  });
});

describe("what a child needs", () => {
  test("is a configuration that the SDK reads, for the owner alone", async () => {
    const dir = folder();
    const sandbox = await startSandbox(optionsWith({ dir }));
    const { KEYGRANT_OCI_ENDPOINT, OCI_CLI_CONFIG_FILE = "" } = sandbox.env;
    expect(KEYGRANT_OCI_ENDPOINT).toBe(sandbox.origin);
    expect(dirname(OCI_CLI_CONFIG_FILE)).toBe(dir);
    expect(statSync(OCI_CLI_CONFIG_FILE).mode & 0o777).toBe(0o600);
    expect(readFileSync(OCI_CLI_CONFIG_FILE, "utf8")).toContain("worthless");
    const owner = new ConfigFileAuthenticationDetailsProvider(OCI_CLI_CONFIG_FILE, "DEFAULT");
    expect(await owner.getKeyId()).toBe(keyIdOf(OCI_OWNER));
    const auditor = new ConfigFileAuthenticationDetailsProvider(OCI_CLI_CONFIG_FILE, "AUDITOR");
    expect(await auditor.getKeyId()).toBe(keyIdOf(OCI_AUDITOR));
    expect(owner.getRegion()?.regionId).toBe("eu-frankfurt-1");
    await sandbox.close();
  });
});
