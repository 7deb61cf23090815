import fc from "fast-check";
import { expect, test } from "vitest";
import { type ConcreteRequest, type Documents, enforce } from "../../../src/sandbox/oci/enforce.ts";
import { holds, runs } from "../../property.ts";
import { DATA, facts, GROUP, judge, KEY_ID, keyId, PROD, policy, TENANCY, VENDOR } from "./helpers.ts";

/**
 * Two readings of the same rules, written apart, held against each other: what the judge says for all requests of the
 * vendor (allowed; denied or missing) must hold for every concrete request that the sandbox decides. "depends" is
 * always right, so the last test counts how often it is used.
 */
const ELSE_GROUP = "ocid1.group.oc1..aaaaaaaasomebodyelse";
const ELSE_TENANCY = "ocid1.tenancy.oc1..aaaaaaaasomewhereelse";

const defines = fc.constantFrom(
  `define tenancy AT as ${VENDOR}`,
  `define tenancy AT as ${ELSE_TENANCY}`,
  `define tenancy at as ${VENDOR}`,
  `define group AG as ${GROUP}`,
  `define group AG as ${ELSE_GROUP}`,
  `define group Ours as ${GROUP}`,
  `define dynamic-group AG as ${GROUP}`,
);

const heads = fc.constantFrom(
  ...["admit group AG of tenancy AT", "admit group AG of tenancy AT", "admit group Others, AG of tenancy AT"],
  ...[
    "admit group Ours of tenancy AT",
    "ADMIT Group ag OF Tenancy AT",
    `admit group id ${GROUP} of tenancy id ${VENDOR}`,
  ],
  ...["admit any-user of tenancy AT", "admit any-group of any-tenancy", "admit dynamic-group AG of tenancy AT"],
  ...[
    "deny admit group AG of tenancy AT",
    "deny admit any-user of tenancy AT",
    "deny admit group Others of tenancy AT",
  ],
  ...["deny admit any-user of any-tenancy", `deny admit group id ${ELSE_GROUP}, id ${GROUP} of tenancy AT`],
  ...["allow any-user", "allow group AG", "deny group AG", "deny any-user", "deny group Interns", "deny service x"],
);
const actions = fc.constantFrom(
  ...["use keys", "use keys", "use keys", "read keys", "manage keys", "inspect all-resources", "manage all-resources"],
  ...[
    "use key-family",
    "use key-delegate",
    "use vaults",
    "{KEY_DECRYPT}",
    "{KEY_ENCRYPT, key_decrypt}",
    "{KEY_EXPORT}",
  ],
);
const places = fc.constantFrom(
  ...["tenancy", "tenancy", "compartment Prod", "compartment prod:DATA", "compartment Data", "compartment Test"],
  ...[`compartment id ${DATA.id}`, `compartment id ${PROD.id}`, `compartment id ${TENANCY}`, "compartment owner"],
  ...["compartment Prod:Data:Deeper", "compartment id ocid1.compartment.oc1..elsewhere"],
);

const values: Readonly<Record<string, readonly string[]>> = {
  "target.key.id": [`'${KEY_ID}'`, `'${keyId(2)}'`, "/ocid1.key*/", "/*key1/", "/*vault2*/"],
  "target.compartment.id": [`'${DATA.id}'`, `'${PROD.id}'`],
  "target.compartment.name": ["'data'", "'Prod'", "/D*/"],
  "request.permission": ["'KEY_DECRYPT'", "'key_encrypt'", "'KEY_EXPORT'", "/KEY_*/"],
  "request.operation": ["'Decrypt'", "'Encrypt'", "'GenerateDataEncryptionKey'"],
  "request.region": ["'fra'", "'IAD'", "'eu-frankfurt-1'"],
  "request.user.name": ["'cmk-demo'", "/*demo/"],
  "request.networkSource.name": ["'corpnet'"],
  "request.groups.id": [`'${GROUP}'`, "'x'"],
  "target.resource.tag.a.b": ["'c'"],
};
const clause = fc.constantFrom(...Object.keys(values)).chain((variable) => {
  const one = fc.constantFrom(...(values[variable] ?? []));
  return fc.oneof(
    fc.tuple(fc.constantFrom("=", "=", "!="), one).map(([operator, value]) => `${variable} ${operator} ${value}`),
    fc.uniqueArray(one, { minLength: 1, maxLength: 2 }).map((list) => `${variable} in (${list.join(", ")})`),
  );
});
const condition: fc.Arbitrary<string> = fc.oneof(
  clause,
  clause,
  fc.tuple(fc.constantFrom("any", "all"), fc.array(clause, { minLength: 1, maxLength: 3 })).map(braces),
  fc
    .tuple(
      fc.constantFrom("any", "all"),
      fc.tuple(
        clause,
        fc.tuple(fc.constantFrom("any", "all"), fc.array(clause, { minLength: 1, maxLength: 2 })).map(braces),
      ),
    )
    .map(braces),
);

function braces([mode, parts]: readonly [string, readonly string[]]): string {
  return `${mode} {${parts.join(", ")}}`;
}

const rule = fc
  .tuple(heads, actions, places, fc.option(condition, { freq: 1 }))
  .map(([head, action, place, where]) => `${head} to ${action} in ${place}${where === null ? "" : ` where ${where}`}`);

const likely = fc.constantFrom(
  `admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${KEY_ID}'`,
  "admit group AG of tenancy AT to use keys in tenancy",
);
const usual = [`define tenancy AT as ${VENDOR}`, `define group AG as ${GROUP}`];

const policies = fc.oneof(
  fc.array(fc.oneof(rule, rule, defines), { maxLength: 4 }),
  fc.array(rule, { minLength: 1, maxLength: 3 }).map((rules) => [...usual, ...rules]),
  fc.tuple(likely, rule).map((rules) => [...usual, ...rules]),
);

const worlds = fc.record({
  root: policies,
  prod: fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, { arbitrary: policies, weight: 1 }),
});
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

/** Requests that differ in everything that the judge does not know. */
function requests(permission: string): readonly ConcreteRequest[] {
  const operations = permission === "KEY_ENCRYPT" ? ["Encrypt", "GenerateDataEncryptionKey"] : ["Decrypt"];
  const extras: readonly Record<string, string>[] = [
    {},
    { "request.networksource.name": "corpnet", "target.resource.tag.a.b": "c" },
  ];
  return operations.flatMap((operation) =>
    extras.map((extra) => ({
      caller: { tenancy: VENDOR, groups: [{ id: GROUP, name: "AG" }] },
      permission,
      path: [{ id: TENANCY, name: "owner" }, PROD, DATA],
      variables: {
        "target.key.id": KEY_ID,
        "target.compartment.id": DATA.id,
        "target.compartment.name": DATA.name,
        "request.operation": operation,
        "request.region": "FRA",
        "request.groups.id": [GROUP],
        "request.user.name": operation === "Encrypt" ? "cmk-demo" : "somebody",
        ...extra,
      },
    })),
  );
}

/** Oracle's page on deny has it so ("Metaverb Inversion"): a deny takes what wider verbs hold too. */
const INVERTED = { ociDenyVerb: "wider-too" } as const;

function decisions({ root, prod }: World, permission: string): ReadonlySet<boolean> {
  const target = [
    { compartmentId: TENANCY, statements: root },
    { compartmentId: PROD.id, statements: prod },
  ];
  const endorse = ["endorse any-user to manage all-resources in any-tenancy"];
  const documents: Documents = { target, caller: [{ compartmentId: VENDOR, statements: endorse }] };
  return new Set(requests(permission).map((request) => enforce(request, documents, INVERTED)));
}

function judged({ root, prod }: World) {
  return judge(facts({ root: [policy("root", root)], prod: [policy("prod", prod)] })).actions;
}

/** What the property has found. */
const FOUND: readonly World[] = [
  // Which of two defines counts whose aliases differ in case alone.
  {
    root: [
      `define tenancy AT as ${ELSE_TENANCY}`,
      `define tenancy at as ${VENDOR}`,
      "admit any-user of tenancy AT to use keys in tenancy",
    ],
    prod: [],
  },
];

test("the judge is never surer than the sandbox allows", () => {
  holds(
    "oci, policies of two compartments",
    worlds,
    (world) => {
      for (const one of judged(world)) {
        const decided = decisions(world, one.action);
        if (one.answer === "allowed") expect(decided).toEqual(new Set([true]));
        if (one.answer === "denied" || one.answer === "missing") expect(decided).toEqual(new Set([false]));
      }
    },
    { runs: runs(20_000), examples: FOUND },
  );
}, 240_000);

/** Of variables that differ between the requests above: of others the sandbox has one value only. */
const differing = fc.constantFrom(
  ...["request.networkSource.name = 'corpnet'", "target.resource.tag.a.b = 'c'"],
  ...["any {request.networkSource.name = 'corpnet', target.resource.tag.a.b = 'c'}"],
  ...["all {request.permission = /KEY_*/, request.networkSource.name = 'corpnet'}"],
  ...["any {target.key.id = 'x', all {request.networkSource.name in ('corpnet', 'other')}}"],
);

test("what depends on a condition is granted to some requests and not to others", () => {
  holds(
    "oci, one condition",
    fc.tuple(differing, fc.boolean(), fc.constantFrom("tenancy", `compartment id ${DATA.id}`, "compartment Prod:Data")),
    ([clause, denies, place]) => {
      const rule = `admit group AG of tenancy AT to use keys in ${place} where ${clause}`;
      const all = `admit group AG of tenancy AT to use keys in ${place}`;
      const world = { root: [...usual, ...(denies ? [all, `deny ${rule}`] : [rule])], prod: [] };
      for (const { action, answer } of judged(world)) {
        expect(answer, clause).toBe("depends");
        expect(decisions(world, action).size, clause).toBe(2);
      }
    },
    { runs: runs(500) },
  );
});

test("and not less sure than it needs to be", () => {
  const counts = { sure: 0, depends: 0, allowed: 0, denied: 0 };
  for (const world of fc.sample(worlds, { numRuns: 1_000, seed: 7 })) {
    for (const one of judged(world)) {
      if (one.answer === "depends") counts.depends++;
      else counts.sure++;
      if (one.answer === "allowed") counts.allowed++;
      if (one.answer === "denied") counts.denied++;
    }
  }
  expect(counts.depends).toBeLessThan(counts.sure);
  expect(counts.allowed).toBeGreaterThan(200);
  expect(counts.denied).toBeGreaterThan(50);
});

test("where nothing is conditional, and every statement is of a form that Oracle's pages show, it decides", () => {
  const places = ["tenancy", `compartment id ${DATA.id}`, `compartment id ${PROD.id}`, "compartment Prod:Data"];
  const plain = fc
    .tuple(
      fc.constantFrom(
        "admit group AG of tenancy AT",
        "deny admit group AG of tenancy AT",
        "admit any-user of tenancy AT",
      ),
      fc.constantFrom("use keys", "read keys", "manage keys", "manage all-resources", "use vaults", "{KEY_DECRYPT}"),
      fc.constantFrom(...places),
    )
    .map(([who, what, where]) => `${who} to ${what} in ${where}`);
  const root = fc.array(plain, { maxLength: 4 }).map((rules) => [...usual, ...rules]);
  fc.assert(
    fc.property(root, (statements) => {
      const world = { root: statements, prod: [] };
      for (const { action, answer } of judged(world)) {
        const [decided] = decisions(world, action);
        expect(answer).toMatch(decided === true ? /^allowed$/ : /^(denied|missing)$/);
      }
    }),
    { numRuns: 500 },
  );
});
