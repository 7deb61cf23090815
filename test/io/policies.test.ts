import { describe, expect, it } from "vitest";
import { CLOUD_IDS } from "../../src/clouds/index.ts";
import { policyOf, shippedPolicies } from "../../src/io/policies.ts";
import { policySchema } from "../../src/io/policy-schema.ts";

/** `policies/<vendor>/<cloud>.json`, and the schema that a reviewer's editor holds them against. */
describe("the shipped policies", () => {
  it("are there for every cloud that keygrant knows", () => {
    for (const cloud of CLOUD_IDS) expect(policyOf("aiven", cloud)).toMatchObject({ vendor: "aiven", cloud });
  });

  it.each([
    ["acme", "aws"],
    ["aiven", "azure"],
  ] as const)("there is none for %s on %s", (vendor, cloud) => {
    expect(policyOf(vendor, cloud)).toBeNull();
  });

  it.each(shippedPolicies())(
    "$vendor/$cloud: examples have the shape that is asked for, and are asked for by the grant",
    (policy) => {
      for (const [name, { pattern, example }] of Object.entries(policy.accessor.fields)) {
        expect(example).toMatch(new RegExp(pattern, "u"));
        expect(new RegExp(pattern, "u").test(`${example}\n`)).toBe(false);
        for (const kind of policy.key.kinds) expect(JSON.stringify(kind.grant)).toContain(`{${name}}`);
      }
      for (const kind of policy.key.kinds) {
        const holes = [...JSON.stringify(kind.grant).matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
        for (const hole of holes)
          expect(["key", "compartment", ...Object.keys(policy.accessor.fields)]).toContain(hole);
      }
      const names = policy.key.kinds.map((kind) => kind.name);
      expect(new Set(names).size).toBe(names.length);
    },
  );
});

describe("the schema", () => {
  const [good] = shippedPolicies();
  if (good === undefined) throw new Error("no policy is shipped");
  const kind = good.key.kinds[0];
  const field = { pattern: "^a$", shape: "an a", example: "a" };
  const broken: readonly [string, unknown][] = [
    ["a newer version", { ...good, schemaVersion: 2 }],
    ["a word that nobody knows", { ...good, colour: "red" }],
    ["no such cloud", { ...good, cloud: "ibm" }],
    ["a vendor that is a path", { ...good, vendor: "../aiven" }],
    ["a source without TLS", { ...good, source: { ...good.source, page: "http://example.com" } }],
    ["a source without a date", { ...good, source: { ...good.source, checked: "lately" } }],
    ["a pattern with an open end", { ...good, accessor: { fields: { a: { ...field, pattern: "^a" } } } }],
    ["a pattern with an open beginning", { ...good, accessor: { fields: { a: { ...field, pattern: "a$" } } } }],
    ["a field without an example", { ...good, accessor: { fields: { a: { ...field, example: "" } } } }],
    ["no kind of key", { ...good, key: { kinds: [] } }],
    ["a kind without actions", { ...good, key: { kinds: [{ ...kind, actions: [] }] } }],
    ["nothing", null],
  ];
  it.each(broken)("refuses %s", (_what, policy) => {
    expect(policySchema.safeParse(policy).success).toBe(false);
  });

  it("takes what is right", () => {
    expect(policySchema.parse(good)).toEqual(good);
  });
});
