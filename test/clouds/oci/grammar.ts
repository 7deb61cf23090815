import fc from "fast-check";
import type { Condition, Grant, Place, Principal, Statement, Value } from "../../../src/clouds/oci/statement.ts";

/** Any tree that `policy.peggy` can give. */

const plain = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}$/).filter((text) => !/^oci?d\d+\./.test(text));
const odd = fc
  .string({ minLength: 1, maxLength: 12 })
  .filter((text) => !/[\\"]/.test(text) && text.trim() === text && !/^oci?d\d+\./.test(text));
const name = fc.oneof(
  plain,
  odd,
  fc.constantFrom("to", "In", "where", "ID", "of", "with", "as", "any-user", "__proto__"),
);
const ocid = fc.stringMatching(/^[a-z0-9]{1,12}$/).map((unique) => `ocid1.group.oc1..${unique}`);
const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,12}$/);
const text = fc.string({ maxLength: 16 }).filter((one) => !one.includes("\\"));

const value: fc.Arbitrary<Value> = fc.oneof(
  text.map((one) => ({ text: one })),
  fc.stringMatching(/^[A-Za-z0-9*._ -]{0,10}$/).map((pattern) => ({ pattern })),
  fc.stringMatching(/^request\.[a-z]{1,8}$/).map((one) => ({ word: one })),
);

const variable = fc.oneof(
  fc.stringMatching(/^(request|target)\.[a-z]{1,8}(\.[a-z-]{1,8})?$/),
  fc.constantFrom("target.key.id", "request.utc-timestamp.day-of-week", "target.resource.tag.Ns.Key"),
);

const test: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ variable, test: fc.constantFrom("=" as const, "!=" as const), values: fc.tuple(value) }),
  fc.record({ variable, test: fc.constantFrom("before" as const, "after" as const), values: fc.tuple(value) }),
  fc.record({
    variable,
    test: fc.constantFrom("in" as const, "not in" as const),
    values: fc.array(value, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ variable, test: fc.constant("between" as const), values: fc.tuple(value, value) }),
  fc.record({ variable, test: fc.constantFrom("present" as const, "absent" as const), values: fc.constant([]) }),
  fc.record({
    call: fc.constantFrom("sets-intersect", "sets-equal"),
    args: fc.array(fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 })), { minLength: 1, maxLength: 3 }),
  }),
);

export const conditions: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    test,
    fc.record({
      mode: fc.constantFrom("any" as const, "all" as const),
      of: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }),
    }),
  ),
})).condition;

const principal: fc.Arbitrary<Principal> = fc.oneof(
  ocid.map((id) => ({ by: "id" as const, id })),
  fc.record({ by: fc.constant("name" as const), domain: fc.option(name), name }),
);
const service = fc.record({ by: fc.constant("name" as const), domain: fc.constant(null), name });

const subject: fc.Arbitrary<Grant["subject"]> = fc.oneof(
  fc.record({ type: fc.constantFrom("any-user" as const, "any-group" as const) }),
  fc.record({
    type: fc.constantFrom("group" as const, "dynamic-group" as const),
    names: fc.array(principal, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    type: fc.constantFrom("service" as const, "resource" as const),
    names: fc.array(service, { minLength: 1, maxLength: 3 }),
  }),
);

const tenancy: fc.Arbitrary<Grant["of"]> = fc.oneof(
  fc.record({ by: fc.constant("any" as const) }),
  fc.record({ by: fc.constant("id" as const), id: ocid }),
  fc.record({ by: fc.constant("alias" as const), alias: name }),
);

const place: fc.Arbitrary<Place> = fc.oneof(
  fc.constant({ in: "any-tenancy" as const }),
  fc.record({ in: fc.constant("tenancy" as const), alias: fc.option(name) }),
  fc.record({ in: fc.constant("compartment" as const), id: ocid, path: fc.constant(null), alias: fc.option(name) }),
  fc.record({
    in: fc.constant("compartment" as const),
    id: fc.constant(null),
    path: fc.array(name, { minLength: 1, maxLength: 3 }),
    alias: fc.option(name),
  }),
);

const action: fc.Arbitrary<Grant["action"]> = fc.oneof(
  fc.record({ verb: word, resource: word }),
  fc.record({ permissions: fc.array(word, { minLength: 1, maxLength: 3 }) }),
);

export const grants: fc.Arbitrary<Grant> = fc.record({
  kind: fc.constantFrom("allow" as const, "admit" as const, "endorse" as const),
  deny: fc.boolean(),
  subject,
  of: fc.option(tenancy),
  action,
  place: fc.option(place),
  companion: fc.option(fc.record({ resource: word, place })),
  condition: fc.option(conditions),
});

export const statements: fc.Arbitrary<Statement> = fc.oneof(
  fc.record({
    kind: fc.constant("define" as const),
    what: fc.constantFrom("tenancy" as const, "group" as const, "dynamic-group" as const, "compartment" as const),
    alias: name,
    id: ocid,
  }),
  grants,
);
