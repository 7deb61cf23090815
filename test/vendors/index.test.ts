import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { openVendor, VENDOR_IDS } from "../../src/vendors/index.ts";
import { httpDeps } from "../io/stub.ts";

const settings = { ...httpDeps(), token: "worthless" };

test("every vendor's folder is in the registry, and has a folder of policies", () => {
  const folders = (path: string) =>
    readdirSync(new URL(path, import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  expect(folders("../../src/vendors")).toEqual([...VENDOR_IDS]);
  expect(folders("../../policies")).toEqual(expect.arrayContaining([...VENDOR_IDS]));
});

test.each([...VENDOR_IDS])("%s opens under its own name, and asks nothing of anybody", async (id) => {
  const vendor = await openVendor(id, settings);
  expect(vendor.id).toBe(id);
  expect(vendor.clouds).toContain("aws");
});

test.each(["", "confluent", "__proto__", "constructor"])("there is no vendor %j", async (id) => {
  await expect(openVendor(id, settings)).rejects.toMatchObject({
    kind: "usage",
    code: "vendor.unknown",
    fix: expect.stringContaining("aiven"),
  });
});
