import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DescribeKeyCommand } from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { CODES } from "../../../src/core/findings.ts";
import { awsKeys, freshAwsWorld } from "../../../src/sandbox/aws/keys.ts";
import { canUse } from "../../../src/sandbox/aws/vendor.ts";
import { HEALTHY_AWS_KEY, VENDOR_DEMO, VENDOR_SECOND } from "../../../src/sandbox/cast.ts";
import type { SandboxContext } from "../../../src/sandbox/module.ts";
import { refusal, stage } from "./kit.ts";

const still: SandboxContext = {
  clock: { now: () => new Date("2026-11-20T10:00:00Z"), sleep: async () => {} },
  random: (size) => new Uint8Array(size).fill(7),
  origin: () => "http://127.0.0.1:1",
  knobs: { propagationMs: 0, vendorAwsEndpoint: null },
};

describe("the fresh world", () => {
  test("is the same every time, and survives JSON", () => {
    const world = freshAwsWorld(still);
    expect(freshAwsWorld(still)).toEqual(world);
    expect(JSON.parse(JSON.stringify(world))).toEqual(world);
  });

  test("shares nothing between its keys", () => {
    const { keys } = freshAwsWorld(still);
    const lists = keys.flatMap((key) => [key.grants, key.history, key.rotation]);
    expect(new Set(lists).size).toBe(lists.length);
  });

  test("has the healthy key with AWS's own default policy", () => {
    const key = freshAwsWorld(still).keys.find((one) => one.arn === HEALTHY_AWS_KEY);
    expect(key).toMatchObject({ state: "Enabled", rotation: { enabled: true } });
    expect(JSON.parse(key?.policy ?? "")).toMatchObject({ Id: "key-default-1", Statement: [{ Action: "kms:*" }] });
  });

  test("is what the list says", () => {
    const { keys, aliases } = freshAwsWorld(still);
    const listed = awsKeys();
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
    expect(new Set(listed.map(({ name }) => name)).size).toBe(listed.length);
    for (const { name, id, code } of listed) {
      expect(id).toMatch(/:key\/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/);
      if (code !== null) expect(CODES.map((entry): string => entry.code)).toContain(code);
      const key = keys.find((one) => one.arn === id);
      expect(key === undefined, name).toBe(name === "absent");
      expect(aliases.some((alias) => alias.keyId === key?.id)).toBe(name !== "absent");
    }
  });

  test("every listed key that exists can be described by somebody", async () => {
    await using on = await stage();
    const described = ["granted", "disabled", "unreadable", "too-broad", "hmac", "updating"];
    for (const { name, id } of awsKeys().filter((one) => described.includes(one.name))) {
      const { KeyMetadata } = await on.kms().send(new DescribeKeyCommand({ KeyId: id }));
      expect(KeyMetadata?.Arn, name).toBe(id);
    }
    const foreign = awsKeys().find(({ name }) => name === "other-account");
    expect(await refusal(on.kms().send(new DescribeKeyCommand({ KeyId: foreign?.id })))).toMatch(/^AccessDenied/);
  });
});

describe("the vendor's side", () => {
  const USABLE = [
    "granted",
    "granted-by-kms-grant",
    "other-region",
    "updating",
    "too-broad",
    "vendor-account",
    "orphaned-granted",
    "unreadable",
    "other-account",
    "material-expiring",
    "rotation-off",
    "replica-not-granted",
  ];
  const REFUSED: Readonly<Record<string, RegExp>> = {
    disabled: /^DisabledException: /,
    "pending-deletion": /^KMSInvalidStateException: .* is pending deletion\.$/,
    "pending-import": /^KMSInvalidStateException: .* is pending import\.$/,
    "material-expired": /^KMSInvalidStateException: .* is pending import\.$/,
    unavailable: /^KMSInvalidStateException: .* is unavailable\.$/,
    creating: /^KMSInvalidStateException: .* is creating\.$/,
    "sign-verify": /^InvalidKeyUsageException: /,
    hmac: /^InvalidKeyUsageException: /,
    "rsa-encrypt": /^InvalidKeyUsageException: /,
    partial: /kms:Decrypt on this resource because/,
    denied: /kms:Decrypt on this resource because/,
    throttled: /^ThrottlingException: Rate exceeded$/,
    "internal-error": /^KMSInternalException/,
    "hangs-up": /socket hang up|ECONNRESET/,
  };

  test("can use what it should, and is refused for the right reason", async () => {
    await using on = await stage();
    for (const { name, id } of awsKeys()) {
      const outcome = await canUse(VENDOR_DEMO.arn, id, on.context);
      if (USABLE.includes(name)) expect(outcome, name).toEqual({ ok: true });
      else
        expect(outcome, name).toEqual({ ok: false, reason: expect.stringMatching(REFUSED[name] ?? /^AccessDenied/) });
    }
  }, 20_000);

  test("another project's role is another role", async () => {
    await using on = await stage();
    expect(await canUse(VENDOR_SECOND.arn, on.key("granted").arn, on.context)).toMatchObject({ ok: false });
    expect(await canUse("arn:aws:iam::999988887777:role/x", HEALTHY_AWS_KEY, on.context)).toEqual({
      ok: false,
      reason: "the vendor has no role arn:aws:iam::999988887777:role/x",
    });
  });

  test("asks another KMS when it is told to, in the Region of the key", async () => {
    const seen: string[] = [];
    const other = createServer((message, response) => {
      seen.push(String(message.headers["authorization"]).split("/").slice(1, 4).join("/"));
      response.writeHead(400, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify({ __type: "DisabledException", message: "no" }));
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const vendorAwsEndpoint = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const context = { ...still, knobs: { propagationMs: 0, vendorAwsEndpoint } };
    const key = HEALTHY_AWS_KEY.replace("eu-west-1", "ap-south-1");
    expect(await canUse(VENDOR_DEMO.arn, key, context)).toEqual({ ok: false, reason: "DisabledException: no" });
    expect(seen).toEqual([expect.stringMatching(/^\d{8}\/ap-south-1\/kms$/)]);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });
});
