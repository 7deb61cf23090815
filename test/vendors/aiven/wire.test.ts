import { describe, expect, test } from "vitest";
import type { CloudId } from "../../../src/core/model.ts";
import {
  accessorFields,
  accessorsAnswer,
  cloudOfResource,
  cmkAnswer,
  cmksAnswer,
  readError,
  servicesAnswer,
  toRegistration,
  toServices,
} from "../../../src/vendors/aiven/wire.ts";

const ARN = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111";
const ROLE = "arn:aws:iam::123456789012:role/aiven-cmk-anchor";
const ID = "a1b2c3d4-e5f6-4789-a0b1-c2d3e4f5a6b7";

function accessorsOf(json: string, cloud: CloudId) {
  return accessorFields(accessorsAnswer.parse(JSON.parse(json)).accessors, cloud);
}

describe("accessors", () => {
  // The sample of the vendor's page, "List CMK accessors".
  const page = JSON.stringify({
    accessors: {
      gcp: { access_group: "access.example.12345678-1234-1234-1234-123456789abc@aiven.io" },
      oci: { access_group: "ocid1.group.oc1..abcdABCD", access_tenant: "ocid1.tenancy.oc1..abcdABCD" },
      aws: { role_arn: ROLE },
    },
  });

  test.each<[CloudId, unknown]>([
    ["aws", { role_arn: ROLE }],
    ["gcp", { access_group: "access.example.12345678-1234-1234-1234-123456789abc@aiven.io" }],
    ["oci", { access_group: "ocid1.group.oc1..abcdABCD", access_tenant: "ocid1.tenancy.oc1..abcdABCD" }],
    ["azure", "none"],
  ])("the page's sample, for %s", (cloud, fields) => {
    expect(accessorsOf(page, cloud)).toEqual(fields);
  });

  test.each<[string, CloudId, unknown]>([
    [`{"accessors":{"aws":{"principal":"${ROLE}"}}}`, "aws", { role_arn: ROLE }],
    [`{"accessors":{"aws":{"principal":"${ROLE}","role_arn":null}}}`, "aws", { role_arn: ROLE }],
    [`{"accessors":{"aws":{"principal":"${ROLE}","role_arn":"${ROLE}","new":1}}}`, "aws", { role_arn: ROLE }],
    [`{"accessors":{"aws":{"principal":"arn:aws:iam::1:role/b","role_arn":"${ROLE}"}}}`, "aws", "unclear"],
    ['{"accessors":{"azure":{"app_id":"12345678"},"ibm":{}}}', "azure", { app_id: "12345678" }],
    ['{"accessors":{}}', "aws", "none"],
    ['{"accessors":{"aws":null}}', "aws", "none"],
    ['{"accessors":{"aws":{}}}', "aws", "none"],
    ['{"accessors":{"oci":{"access_group":"g"}}}', "oci", "unclear"],
    [`{"accessors":{"__proto__":{"aws":{"role_arn":"${ROLE}"}}}}`, "aws", "none"],
    ['{"accessors":{"aws":{"__proto__":{"role_arn":"x"}}}}', "aws", "none"],
  ])("%s for %s", (json, cloud, fields) => {
    expect(accessorsOf(json, cloud)).toEqual(fields);
  });

  test.each([
    "[]",
    "null",
    '"x"',
    "{}",
    '{"accessors":[]}',
    '{"accessors":{"aws":"x"}}',
    '{"accessors":{"aws":{"role_arn":7}}}',
    '{"accessors":{"aws":{"role_arn":""}}}',
    '{"accessors":{"aws":{"role_arn":"a\\u0000b"}}}',
    '{"accessors":{"aws":{"role_arn":"a\\u202eb"}}}',
    `{"accessors":{"aws":{"role_arn":"${"x".repeat(3_000)}"}}}`,
  ])("not %s", (json) => {
    expect(accessorsAnswer.safeParse(JSON.parse(json)).success).toBe(false);
  });
});

describe("a CMK", () => {
  const full = {
    id: ID,
    provider: "aws",
    resource: ARN,
    default_cmk: true,
    status: "current",
    created_at: "2026-05-05T10:55:52.719109Z",
    updated_at: "2026-05-05T13:04:59.294447Z",
  };
  const read = (cmk: unknown) => toRegistration("demo", cmkAnswer.parse({ cmk }).cmk);

  test("with everything that the page shows", () => {
    expect(read({ ...full, service_associations: [{}], more: { later: true } })).toEqual({
      vendor: "aiven",
      project: "demo",
      id: ID,
      cloud: "aws",
      resource: ARN,
      status: "current",
      default: true,
      createdAt: full.created_at,
      updatedAt: full.updated_at,
    });
  });

  test("with what the generated client promises, and nothing else", () => {
    const { id, resource, default_cmk } = full;
    expect(read({ id, resource, default_cmk })).toMatchObject({ cloud: "aws", status: "unknown", default: true });
    expect(read({ id, resource, provider: null, status: null, default_cmk: null })).toMatchObject({
      cloud: "aws",
      status: "unknown",
      default: false,
    });
  });

  test.each(["current", "old", "deleted"])("with status %s", (status) => {
    expect(read({ ...full, status }).status).toBe(status);
  });

  test("with a status or a provider that nobody knows yet", () => {
    expect(read({ ...full, status: "archived" }).status).toBe("unknown");
    expect(read({ ...full, status: "__proto__" }).status).toBe("unknown");
    expect(read({ ...full, provider: "ibm" }).cloud).toBeNull();
    expect(read({ ...full, provider: "constructor" }).cloud).toBeNull();
  });

  test.each([
    null,
    [],
    {},
    { ...full, id: undefined },
    { ...full, id: "" },
    { ...full, id: ".." },
    { ...full, id: "a/b" },
    { ...full, id: 7 },
    { ...full, resource: undefined },
    { ...full, resource: "" },
    { ...full, resource: "arn:\u001b[2J" },
    { ...full, default_cmk: "yes" },
  ])("not %j", (cmk) => {
    expect(cmkAnswer.safeParse({ cmk }).success).toBe(false);
  });

  test("one that cannot be read spoils the list: leaving it out would register its key twice", () => {
    expect(cmksAnswer.safeParse({ cmks: [full] }).success).toBe(true);
    expect(cmksAnswer.safeParse({ cmks: [full, {}] }).success).toBe(false);
    expect(cmksAnswer.safeParse({ cmks: {} }).success).toBe(false);
    expect(cmksAnswer.safeParse({}).success).toBe(false);
  });
});

test.each<[string, CloudId | null]>([
  [ARN, "aws"],
  ["arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1", "aws"],
  ["arn:aws:s3:::bucket", null],
  ["projects/p/locations/us-central1/keyRings/r/cryptoKeys/k", "gcp"],
  ["projects/", null],
  ["ocid1.key.oc1.iad.abc.xyz", "oci"],
  ["ocid1.vault.oc1.iad.abc", null],
  ["https://v.vault.azure.net/keys/k/0123", "azure"],
  ["https://vault.azure.net.example.com/keys/k", null],
  ["something else", null],
])("the cloud of %s is %s", (resource, cloud) => {
  expect(cloudOfResource(resource)).toBe(cloud);
});

test("services, with names that are safe to print", () => {
  const read = (json: unknown) => toServices(servicesAnswer.parse(json));
  expect(read({ service_associations: [] })).toEqual([]);
  expect(
    read({
      service_associations: [
        { service_name: "my-pg", status: "active" },
        { service_name: "my\u001b[31m-kafka", status: "activating", more: 1 },
        { service_name: "my-mysql" },
      ],
    }),
  ).toEqual([
    { name: "my-pg", status: "active" },
    { name: "my [31m-kafka", status: "activating" },
    { name: "my-mysql", status: "unknown" },
  ]);
  expect(servicesAnswer.safeParse({}).success).toBe(false);
  expect(servicesAnswer.safeParse({ service_associations: [{ status: "active" }] }).success).toBe(false);
});

describe("errors", () => {
  test.each<[unknown, string, readonly string[]]>([
    [{ message: "Not found", errors: [{ message: "Not found", status: 404 }] }, "Not found", []],
    [
      { message: "No", errors: [{ message: "No project", status: 404, error_code: "project_not_found" }] },
      "No; No project (project_not_found)",
      ["project_not_found"],
    ],
    [{ message: "only this" }, "only this", []],
    [{ errors: [{ message: "only inside" }] }, "only inside", []],
    [{ message: 7, errors: [{ message: "inside", status: "x", error_code: 7 }] }, "inside", []],
    [{ message: "x", errors: "none" }, "x", []],
    [{ message: "clear\u001b[2J screen\n\u202eevil" }, "clear [2J screen evil", []],
  ])("%j", (json, words, codes) => {
    expect(readError(json)).toMatchObject({ words, codes });
  });

  test.each([null, undefined, 7, "text", [], {}, { error: "x" }, { message: "" }, { message: null, errors: [] }])(
    "%j is none",
    (json) => {
      expect(readError(json)).toBeNull();
    },
  );

  test("are bounded", () => {
    const errors = Array.from({ length: 1_000 }, (_, n) => ({ message: `${n} ${"x".repeat(1_000)}` }));
    expect(readError({ message: "y".repeat(100_000), errors })?.words.length).toBeLessThanOrEqual(500);
  });

  test.each([
    { message: "Cannot verify encrypt/decrypt access" },
    { message: "Bad request", errors: [{ message: "CMK: cannot verify Encrypt/Decrypt access to the key." }] },
  ])("that mean that the key cannot be used: %j", (json) => {
    expect(readError(json)?.cannotUseKey).toBe(true);
  });

  test("that do not mean so", () => {
    expect(readError({ message: "Cannot verify access" })?.cannotUseKey).toBe(false);
    expect(readError({ message: "x", detail: "Cannot verify encrypt/decrypt access" })?.cannotUseKey).toBe(false);
  });
});
