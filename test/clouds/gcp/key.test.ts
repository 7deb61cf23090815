import { describe, expect, test } from "vitest";
import {
  isSameKey,
  looksLikeGcp,
  parseGcpKey,
  ringOf,
  splitKeyName,
  versionNumber,
} from "../../../src/clouds/gcp/key.ts";
import { KeygrantError } from "../../../src/core/errors.ts";
import { KEY, REF, RING } from "./fixture.ts";

describe("references", () => {
  test.each([KEY, `  ${KEY}\n`, `//cloudkms.googleapis.com/${KEY}`])("%s", (text) => {
    expect(parseGcpKey(text)).toStrictEqual({ cloud: "gcp", id: KEY, region: "europe-west1", owner: "demo" });
  });

  test.each([
    [`${KEY}/cryptoKeyVersions/3`, "3"],
    [` //cloudkms.googleapis.com/${KEY}/cryptoKeyVersions/12 `, "12"],
  ])("%s", (text, version) => {
    expect(parseGcpKey(text)).toStrictEqual({ cloud: "gcp", id: KEY, region: "europe-west1", owner: "demo", version });
  });

  test.each([
    ["projects/123456789012/locations/global/keyRings/R_1/cryptoKeys/k-2", "123456789012", "global"],
    ["projects/example.com:old-one/locations/us/keyRings/r/cryptoKeys/k", "example.com:old-one", "us"],
  ])("%s", (text, owner, region) => {
    expect(parseGcpKey(text)).toEqual({ cloud: "gcp", id: text, owner, region });
  });

  test.each([
    ["projects/demo", "it has no locations/… part"],
    ["projects/", 'nothing follows "projects/"'],
    [RING, "it has no cryptoKeys/… part"],
    [`${RING}/cryptoKeys/`, 'nothing follows "cryptoKeys/"'],
    [`${RING}/cryptokeys/k`, '"cryptokeys" stands where "cryptoKeys" belongs'],
    [`${RING}/cryptoKeys/a key`, '"a key" is not the name of a key'],
    [`${KEY}/cryptoKeyVersions/latest`, '"latest" is not the number of a key version'],
    [`${KEY}/cryptoKeyVersions`, 'nothing follows "cryptoKeyVersions/"'],
    [`${KEY}/cryptoKeyVersions/1/publicKey`, "something follows the key version"],
    [`${KEY}/`, '"" stands where "cryptoKeyVersions" belongs'],
    [`/${KEY}`, 'it begins with "/"'],
    [`https://cloudkms.googleapis.com/v1/${KEY}`, "it is a URL"],
    ["Projects/demo/locations/l/keyRings/r/cryptoKeys/k", '"Projects" stands where "projects" belongs'],
    ["projects/De mo/locations/l/keyRings/r/cryptoKeys/k", '"De mo" is not a project id'],
    ["projects/demo/locations/Europe/keyRings/r/cryptoKeys/k", '"Europe" is not the name of a location'],
    ["//cloudkms.googleapis.com/", '"" stands where "projects" belongs'],
  ])("%s: %s", (text, fault) => {
    const error = thrown(() => parseGcpKey(text));
    expect(error).toMatchObject({ kind: "usage", code: "usage.key-reference" });
    expect(error.message).toContain(fault);
    expect(error.fix).toContain("projects/my-project/locations/europe-west1/keyRings/my-ring/cryptoKeys/my-key");
  });

  test("what is meant for somebody else is nobody's mistake, unless it was said to be ours", () => {
    for (const text of [
      "arn:aws:kms:eu-west-1:1:key/2",
      "ocid1.key.oc1..x",
      "12345678-1234-1234-1234-123456789abc",
      "",
    ]) {
      expect(looksLikeGcp(text)).toBe(false);
      expect(parseGcpKey(text)).toBeNull();
      expect(thrown(() => parseGcpKey(text, { forced: true })).code).toBe("usage.key-reference");
    }
  });

  test("a long text is refused quickly, and shown in part", () => {
    const error = thrown(() => parseGcpKey(`projects/${"a-".repeat(100_000)}/x`));
    expect(error.message.length).toBeLessThan(200_500);
    expect(thrown(() => parseGcpKey(`projects/${"x".repeat(100_000)}`)).message).toContain("…");
  });
});

test("names of versions, rings and parts", () => {
  expect(versionNumber(`${KEY}/cryptoKeyVersions/12`)).toBe("12");
  expect(versionNumber(KEY)).toBeNull();
  expect(ringOf(REF)).toBe(RING);
  expect(splitKeyName(KEY)).toEqual({
    project: "demo",
    location: "europe-west1",
    keyRing: "demo",
    cryptoKey: "symmetric",
  });
  expect(splitKeyName(RING)).toBeNull();
});

test("the same key by the project's number", () => {
  expect(isSameKey(KEY, KEY)).toBe(true);
  expect(isSameKey(KEY, KEY.replace("projects/demo", "projects/42"))).toBe(true);
  expect(isSameKey(KEY, KEY.replace("projects/demo", "projects/other"))).toBe(false);
  expect(isSameKey(KEY, `${KEY}2`)).toBe(false);
});

function thrown(call: () => unknown): KeygrantError {
  try {
    call();
  } catch (error) {
    if (error instanceof KeygrantError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
