import { randomBytes } from "node:crypto";
import { GetKeyPolicyCommand, KMSClient, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import policy from "../../../policies/aiven/aws.json" with { type: "json" };
import type { VendorCloudPolicy } from "../../../src/core/model.ts";
import { HEALTHY_AWS_KEY, OWNER, OWNER_REGION, OWNER_TOKEN, VENDOR_DEMO } from "../../../src/sandbox/cast.ts";
import { type Knobs, type RunningSandbox, startSandbox } from "../../../src/sandbox/index.ts";
import { type VendorScene, vendorContract } from "../../contract/vendor.ts";
import { aivenAt, all, factsOf } from "./fixture.ts";

const clock = {
  now: () => new Date(),
  // Nothing here waits for anything but the answer to a request.
  sleep: () => Promise.resolve(),
};

function start(knobs: Partial<Knobs>): Promise<RunningSandbox> {
  const random = (size: number) => new Uint8Array(randomBytes(size));
  return startSandbox({ dir: null, clock, random, jitter: () => 0, knobs, mode: "embedded" });
}

/** The owner's own hand on the key policy, with the real SDK. */
function ownerOf(origin: string) {
  const { accessKeyId, secretAccessKey } = OWNER;
  const kms = new KMSClient({ endpoint: origin, region: OWNER_REGION, credentials: { accessKeyId, secretAccessKey } });
  const about = { KeyId: HEALTHY_AWS_KEY, PolicyName: "default" };
  return {
    async read(): Promise<string> {
      return (await kms.send(new GetKeyPolicyCommand(about))).Policy ?? "";
    },
    async write(text: string): Promise<void> {
      await kms.send(new PutKeyPolicyCommand({ ...about, Policy: text }));
    },
    close: () => kms.destroy(),
  };
}

/** What a person would add by hand, from the vendor's page. */
function withGrant(text: string): string {
  const document = JSON.parse(text);
  const [statement] = policy.key.kinds[0]?.grant.statements ?? [];
  document.Statement.push({ ...statement, Principal: { AWS: VENDOR_DEMO.arn } });
  return JSON.stringify(document);
}

async function scene(knobs: Partial<Knobs> = {}): Promise<VendorScene> {
  const sandbox = await start(knobs);
  const owner = ownerOf(sandbox.origin);
  const before = await owner.read();
  await owner.write(withGrant(before));
  const at = { origin: sandbox.origin };
  return {
    vendor: aivenAt(at, { token: OWNER_TOKEN, clock }).vendor,
    stranger: aivenAt(at, { token: "a-strangers-token", clock }).vendor,
    secrets: [OWNER_TOKEN, "a-strangers-token"],
    project: "demo",
    policy: policy as VendorCloudPolicy,
    good: factsOf(HEALTHY_AWS_KEY),
    refused: factsOf(`${HEALTHY_AWS_KEY.slice(0, -1)}0`),
    unknownId: "00000000-0000-4000-8000-000000000000",
    loseNextRegistration: () => sandbox.turn({ faults: ["lost=1x1@CMKCreate"] }),
    takeAccessAway: () => owner.write(before),
    async [Symbol.asyncDispose]() {
      owner.close();
      await sandbox.close();
    },
  };
}

vendorContract("Aiven", scene);

// Where Aiven's pages are silent: the other plausible answers.
vendorContract("Aiven, by the generated client's schema", () =>
  scene({ accessorSpelling: "principal", cmkFields: "schema", registerStatus: 200, associationsInGet: false }),
);
vendorContract("Aiven, with refusals that are conflicts", () => scene({ refusalStatus: 409, duplicates: "create" }));
vendorContract("Aiven, with an access check that is always well", () => scene({ accessCheck: "always-200" }));
vendorContract("Aiven, without an access check", () => scene({ accessCheck: "absent", refusalStatus: 403 }));
vendorContract("Aiven, with a repeated registration that answers with the first", () =>
  scene({ duplicates: "return" }),
);

describe("Aiven on the sandbox", () => {
  const faults = ["lost", "504", "truncated", "500", "503", "html", "garbage", "reset", "429"];

  test.each(faults)("%s on registering, with an Aiven that would take the key twice: one", async (fault) => {
    await using world = await scene({ duplicates: "create", faults: [`${fault}=1x2@CMKCreate`] });
    const { vendor, project, good } = world;
    expect(await vendor.register(good, { project, default: false })).toMatchObject({ outcome: "registered" });
    expect(await all(vendor.registrations(project))).toHaveLength(1);
  });

  test("two at once, with an Aiven that refuses duplicates: one", async () => {
    await using world = await scene();
    const { vendor, project, good } = world;
    const options = { project, default: false };
    const results = await Promise.all([vendor.register(good, options), vendor.register(good, options)]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["registered", "registered"]);
    expect(await all(vendor.registrations(project))).toHaveLength(1);
  });

  test("an honest access check tells that the grant was taken away", async () => {
    await using world = await scene();
    const { vendor, project, good, takeAccessAway } = world;
    const result = await vendor.register(good, { project, default: false });
    if (result.outcome !== "registered") throw new Error(JSON.stringify(result));
    expect(await vendor.check(result.registration)).toMatchObject({ answer: "no-answer", why: null });
    await takeAccessAway();
    expect(await vendor.check(result.registration)).toMatchObject({
      answer: "refused",
      detail: expect.stringContaining("Cannot verify encrypt/decrypt access"),
    });
  });
});
