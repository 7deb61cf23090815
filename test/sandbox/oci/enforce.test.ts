import { describe, expect, test } from "vitest";
import { type ConcreteRequest, decide, enforce } from "../../../src/sandbox/oci/enforce.ts";

const OWNER = "ocid1.tenancy.oc1..owner";
const VENDOR = "ocid1.tenancy.oc1..vendor";
const GROUP = "ocid1.group.oc1..anchor";
const KEY = "ocid1.key.oc1.eu-frankfurt-1.vault.one";
const TEAM = "ocid1.compartment.oc1..team";
const PROD = "ocid1.compartment.oc1..prod";

const PATH = [
  { id: OWNER, name: "keyowner" },
  { id: TEAM, name: "team" },
  { id: PROD, name: "prod" },
];

const VARIABLES = {
  "target.key.id": KEY,
  "target.compartment.id": PROD,
  "target.compartment.name": "prod",
  "request.operation": "Decrypt",
  "request.region": "FRA",
  "request.groups.id": [GROUP, "ocid1.group.oc1..another"],
  "request.user.name": "cmk-demo",
  "request.principal.id": "ocid1.user.oc1..u",
  "request.utc-timestamp": "2026-11-20T10:00:00.000Z",
  "request.utc-timestamp.month-of-year": "11",
  "request.utc-timestamp.day-of-month": "20",
  "request.utc-timestamp.day-of-week": "Friday",
  "request.utc-timestamp.time-of-day": "10:00:00",
};

function from(tenancy: string, permission = "KEY_DECRYPT"): ConcreteRequest {
  const groups = [{ id: GROUP, name: "CmkDemo" }];
  return { caller: { tenancy, groups }, permission, path: PATH, variables: VARIABLES };
}

const TENANCY = `define tenancy AT as ${VENDOR}`;
const DEFINE = `define group AG as ${GROUP}`;
const ADMIT = "admit group AG of tenancy AT to use keys in tenancy";
const ENDORSE = "Endorse group CmkDemo to use keys in any-tenancy";

function outside(
  statements: readonly string[],
  { attachedTo = OWNER, endorse = [ENDORSE], permission = "KEY_DECRYPT", endorsedAt = VENDOR } = {},
): boolean {
  const target = [{ compartmentId: attachedTo, statements }];
  const caller = [{ compartmentId: endorsedAt, statements: endorse }];
  return enforce(from(VENDOR, permission), { target, caller });
}

function inside(statement: string, attachedTo = OWNER, permission = "KEY_DECRYPT"): boolean {
  const target = [{ compartmentId: attachedTo, statements: [statement] }];
  return enforce(from(OWNER, permission), { target, caller: [] });
}

describe("between tenancies both must agree", () => {
  test.each<[string, readonly string[], boolean]>([
    ["the vendor's three statements", [TENANCY, DEFINE, ADMIT], true],
    [
      "in any case, with spare space",
      [TENANCY.toUpperCase().replace(VENDOR.toUpperCase(), VENDOR), DEFINE, `\n ${ADMIT.toUpperCase()}  `],
      true,
    ],
    ["no admit", [TENANCY, DEFINE], false],
    ["no definition of the group", [TENANCY, ADMIT], false],
    ["no definition of the tenancy", [DEFINE, ADMIT], false],
    ["defined behind its use", [TENANCY, ADMIT, DEFINE], false],
    ["another group behind the alias", [TENANCY, "define group AG as ocid1.group.oc1..old", ADMIT], false],
    ["another tenancy behind the alias", [`define tenancy AT as ${OWNER}`, DEFINE, ADMIT], false],
    ["the later of two definitions counts", [TENANCY, "define group AG as ocid1.group.oc1..old", DEFINE, ADMIT], true],
    ["a group is no tenancy", [TENANCY, `define tenancy AG as ${GROUP}`, ADMIT], false],
    ["the group's own name says nothing elsewhere", [TENANCY, ADMIT.replace("AG", "CmkDemo")], false],
    ["a list of groups", [TENANCY, DEFINE, ADMIT.replace("AG", "Other, AG")], true],
    ["by OCID", [TENANCY, ADMIT.replace("AG", `id ${GROUP}`)], true],
    ["any user of the tenancy", [TENANCY, ADMIT.replace("group AG", "any-user")], true],
    ["any group of any tenancy", [ADMIT.replace("group AG of tenancy AT", "any-group of any-tenancy")], true],
    [
      "a dynamic group is somebody else",
      [TENANCY, `define dynamic-group AG as ${GROUP}`, ADMIT.replace("group", "dynamic-group")],
      false,
    ],
    ["allow is for one's own people", [DEFINE, "allow group AG to use keys in tenancy"], false],
    ["and so is allow any-user", ["allow any-user to use keys in tenancy"], false],
    [
      "two halves in one statement each",
      [TENANCY, DEFINE, "admit group AG of tenancy AT to read keys in tenancy", ADMIT],
      true,
    ],
  ])("%s", (_name, statements, allowed) => {
    expect(outside(statements)).toBe(allowed);
  });

  test("aliases count in their own policy alone", () => {
    const target = [
      { compartmentId: OWNER, statements: [TENANCY, DEFINE] },
      { compartmentId: OWNER, statements: [ADMIT] },
    ];
    const caller = [{ compartmentId: VENDOR, statements: [ENDORSE] }];
    expect(decide(from(VENDOR), { target, caller })).toEqual({ allowed: false, why: "not-admitted" });
  });

  test("they stand in the root compartment", () => {
    expect(outside([TENANCY, DEFINE, ADMIT], { attachedTo: TEAM })).toBe(false);
    const narrower = ADMIT.replace("in tenancy", "in compartment prod");
    expect(outside([TENANCY, DEFINE, narrower], { attachedTo: TEAM })).toBe(false);
    expect(outside([TENANCY, DEFINE, ADMIT], { endorsedAt: "ocid1.compartment.oc1..below-vendor" })).toBe(false);
  });

  test.each<[string, readonly string[], boolean]>([
    ["nothing", [], false],
    ["for this tenancy", [`define tenancy Owner as ${OWNER}`, ENDORSE.replace("any-tenancy", "tenancy Owner")], true],
    [
      "for another tenancy",
      ["define tenancy O as ocid1.tenancy.oc1..o", ENDORSE.replace("any-tenancy", "tenancy O")],
      false,
    ],
    ["for another group", [ENDORSE.replace("CmkDemo", "CmkSecond")], false],
    ["for less", [ENDORSE.replace("use", "read")], false],
    ["for everything", [ENDORSE.replace("use keys", "manage all-resources")], true],
    ["for any user", [ENDORSE.replace("group CmkDemo", "any-user")], true],
    ["denied", [ENDORSE, `deny ${ENDORSE}`], false],
  ])("endorsed %s", (_name, endorse, allowed) => {
    expect(outside([TENANCY, DEFINE, ADMIT], { endorse: [...endorse] })).toBe(allowed);
  });

  test("says what stood in the way", () => {
    const target = [{ compartmentId: OWNER, statements: [TENANCY, DEFINE, ADMIT] }];
    const why = (endorse: readonly string[]) =>
      decide(from(VENDOR), { target, caller: [{ compartmentId: VENDOR, statements: endorse }] });
    expect(why([])).toEqual({ allowed: false, why: "not-endorsed" });
    expect(why([ENDORSE, `deny ${ENDORSE}`])).toEqual({ allowed: false, why: "endorsement-denied" });
    expect(why([ENDORSE])).toEqual({ allowed: true });
  });
});

describe("what a statement gives", () => {
  test.each<[string, string, boolean]>([
    ["to inspect keys", "KEY_INSPECT", true],
    ["to inspect keys", "KEY_READ", false],
    ["to read keys", "KEY_INSPECT", true],
    ["to read keys", "KEY_READ", true],
    ["to read keys", "KEY_ENCRYPT", false],
    ["to use keys", "KEY_READ", true],
    ["to use keys", "KEY_ENCRYPT", true],
    ["to use keys", "KEY_DECRYPT", true],
    ["to use keys", "KEY_EXPORT", true],
    ["to use keys", "KEY_ROTATE", false],
    ["to manage keys", "KEY_DECRYPT", true],
    ["to manage keys", "KEY_DELETE", true],
    ["to manage vaults", "KEY_DECRYPT", false],
    ["to use key-delegate", "KEY_ENCRYPT", false],
    ["to use key-delegate", "KEY_ASSOCIATE", true],
    ["to use key-family", "KEY_DECRYPT", true],
    ["to use key-family", "VAULT_READ", true],
    ["to use secret-family", "KEY_DECRYPT", false],
    ["to use all-resources", "KEY_DECRYPT", true],
    ["to inspect all-resources", "KEY_DECRYPT", false],
    ["to inspect all-resources", "POLICY_READ", true],
    ["to manage buckets", "KEY_DECRYPT", false],
    ["to Use KEYS", "KEY_DECRYPT", true],
    ["to {KEY_DECRYPT}", "KEY_DECRYPT", true],
    ["to { key_encrypt , KEY_DECRYPT }", "KEY_ENCRYPT", true],
    ["to {KEY_ENCRYPT}", "KEY_DECRYPT", false],
    ["to use constructor", "KEY_DECRYPT", false],
  ])("%s: %s %s", (what, permission, allowed) => {
    expect(inside(`allow any-user ${what} in tenancy`, OWNER, permission)).toBe(allowed);
    expect(
      outside([TENANCY, DEFINE, `admit group AG of tenancy AT ${what} in tenancy`], {
        permission,
        endorse: ["endorse any-user to manage all-resources in any-tenancy"],
      }),
    ).toBe(allowed);
  });
});

describe("whom allow is for", () => {
  test.each<[string, boolean]>([
    ["group CmkDemo", true],
    ["group cmkdemo", true],
    ["group 'CmkDemo'", true],
    ["group Default/CmkDemo", true],
    ["group 'Default'/'CmkDemo'", true],
    ["group Elsewhere/CmkDemo", false],
    ["group A, CmkDemo", true],
    [`group id ${GROUP}`, true],
    [`group id ocid1.group.oc1..x, id ${GROUP}`, true],
    ["group Other", false],
    ["any-group", true],
    ["dynamic-group CmkDemo", false],
    ["service blockstorage, objectstorage", false],
    ["resource autonomous-database x", false],
  ])("%s: %s", (subject, allowed) => {
    expect(inside(`Allow ${subject} to use keys in tenancy`)).toBe(allowed);
  });
});

describe("where a statement holds", () => {
  test.each<[string, string, boolean]>([
    ["tenancy", OWNER, true],
    ["tenancy", TEAM, false],
    ["compartment team", OWNER, true],
    ["compartment TEAM", OWNER, true],
    ["compartment team:prod", OWNER, true],
    ["compartment team : prod", OWNER, true],
    ["compartment prod", OWNER, false],
    ["compartment team:other", OWNER, false],
    ["compartment team:prod:deeper", OWNER, false],
    ["compartment prod", TEAM, true],
    ["compartment team", TEAM, true],
    ["compartment team:prod", TEAM, true],
    ["compartment prod", PROD, true],
    ["compartment team", PROD, false],
    ["compartment keyowner", OWNER, false],
    [`compartment id ${PROD}`, OWNER, true],
    [`compartment id ${TEAM}`, OWNER, true],
    [`compartment id ${OWNER}`, OWNER, true],
    [`compartment id ${TEAM}`, PROD, false],
    [`compartment ${PROD}`, OWNER, false],
    ["compartment prod", "ocid1.compartment.oc1..elsewhere", false],
  ])("%s, attached to %s: %s", (place, attachedTo, allowed) => {
    expect(inside(`allow any-user to use keys in ${place}`, attachedTo)).toBe(allowed);
  });
});

describe("conditions", () => {
  test.each<[string, boolean]>([
    [`target.key.id = '${KEY}'`, true],
    [`target.key.id = "${KEY}"`, true],
    [`TARGET.KEY.ID='${KEY.toUpperCase()}'`, true],
    [`target.key.id='ocid1.key.oc1..other'`, false],
    [`target.key.id != '${KEY}'`, false],
    ["target.key.id != 'ocid1.key.oc1..other'", true],
    [`target.key.id in ('a', '${KEY}')`, true],
    ["target.key.id in ('a', 'b')", false],
    [`any {target.key.id = 'a', target.key.id = '${KEY}'}`, true],
    [`all {target.key.id = 'a', target.key.id = '${KEY}'}`, false],
    [`ANY { all {target.key.id = '${KEY}', request.region = 'fra'}, target.key.id = 'b' }`, true],
    [`all {any {request.region = 'iad', request.region = 'phx'}, target.key.id = '${KEY}'}`, false],
    ["target.key.id = /ocid1.key.*/", true],
    ["target.key.id = /*.one/", true],
    ["target.key.id = /*FRANKFURT*/", true],
    ["target.key.id = /*.two/", false],
    ["target.key.id != /ocid1.key.*/", false],
    ["target.key.id = /ocid1*eu-frankfurt-1*one/", true],
    ["target.key.id = /ocid1*one*two/", false],
    ["request.region = /fra/", true],
    ["request.region = /fr/", false],
    ["request.region = /frafra*fra/", false],
    ["request.region = /*/", true],
    ["request.permission = 'KEY_DECRYPT'", true],
    ["request.permission != 'KEY_EXPORT'", true],
    ["any {request.permission = 'KEY_ENCRYPT', request.permission = 'KEY_DECRYPT'}", true],
    ["request.operation = 'decrypt'", true],
    [`request.groups.id = '${GROUP}'`, true],
    [`request.groups.id != '${GROUP}'`, false],
    ["request.groups.id != 'ocid1.group.oc1..none'", true],
    ["request.principal.id = request.principal.id", true],
    ["request.principal.id = target.key.id", false],
    ["request.principal.id != target.key.id", true],
    // Variables that do not apply.
    ["request.networkSource.name = 'corpnet'", false],
    ["request.networkSource.name != 'corpnet'", false],
    ["request.networkSource.name = /*/", false],
    ["request.networkSource.name in ('corpnet')", false],
    ["request.principal.id != target.agent.id", false],
    [`any {request.networkSource.name = 'corpnet', target.key.id = '${KEY}'}`, true],
    [`all {request.networkSource.name != 'corpnet', target.key.id = '${KEY}'}`, false],
    ["target.constructor = 'x'", false],
    // Time.
    ["request.utc-timestamp before '2026-11-20T10:00:01Z'", true],
    ["request.utc-timestamp before '2026-11-20T10:00Z'", false],
    ["request.utc-timestamp after '2026-11-20T09:59Z'", true],
    ["request.utc-timestamp before '2026-11-21Z'", true],
    ["request.utc-timestamp after '2026-11-21Z'", false],
    ["request.utc-timestamp before 'soon'", false],
    ["request.utc-timestamp after 'soon'", false],
    ["request.utc-timestamp = '2026-11-20T10:00:00.000Z'", false],
    ["request.utc-timestamp.month-of-year in ('6', '11')", true],
    ["request.utc-timestamp.day-of-month = '1'", false],
    ["request.utc-timestamp.day-of-week in ('monday', 'friday')", true],
    ["request.utc-timestamp.time-of-day between '09:00:00Z' and '17:00:00Z'", true],
    ["request.utc-timestamp.time-of-day between '17:00:00Z' and '09:00:00Z'", false],
    ["request.utc-timestamp.time-of-day between '22:00:00Z' and '11:00:00Z'", true],
    ["request.utc-timestamp.time-of-day between '10:00:00Z' and '10:00Z'", true],
    ["request.utc-timestamp.time-of-day between 'dawn' and 'dusk'", false],
    ["request.region before '2030-01-01Z'", false],
  ])("%s: %s", (condition, allowed) => {
    expect(inside(`allow any-user to use keys in tenancy where ${condition}`)).toBe(allowed);
  });
});

describe("deny", () => {
  const allow = "allow group CmkDemo to manage keys in tenancy";
  const own = (...statements: readonly string[]) => ({
    target: [{ compartmentId: OWNER, statements: [allow, ...statements] }],
    caller: [],
  });

  test.each<[string, boolean]>([
    ["deny group CmkDemo to use keys in tenancy", false],
    ["Deny any-user to use keys in compartment team", false],
    ["deny any-user to use keys in compartment team:other", true],
    ["deny group Other to use keys in tenancy", true],
    ["deny any-user to {KEY_DECRYPT} in tenancy", false],
    ["deny any-user to {KEY_ENCRYPT} in tenancy", true],
    ["deny any-user to use keys in tenancy where request.networkSource.name != 'corpnet'", true],
    ["deny admit any-user of any-tenancy to use keys in tenancy", true],
    ["deny every-principal to use keys in tenancy", true],
  ])("%s: %s", (statement, allowed) => {
    expect(enforce(from(OWNER), own(statement))).toBe(allowed);
  });

  test.each<[string, boolean]>([
    [`deny ${ADMIT}`, false],
    [`DENY ${ADMIT} where target.key.id = '${KEY}'`, false],
    [`deny ${ADMIT} where target.key.id = 'ocid1.key.oc1..other'`, true],
    ["deny admit any-user of any-tenancy to {KEY_DECRYPT} in tenancy", false],
    ["deny any-user to use keys in tenancy", true],
    ["deny group AG to use keys in tenancy", true],
  ])("from outside: %s: %s", (statement, allowed) => {
    expect(outside([TENANCY, DEFINE, ADMIT, statement])).toBe(allowed);
  });

  test("default administrators are exempt", () => {
    const groups = [{ id: "ocid1.group.oc1..a", name: "Administrators" }];
    const administrator = { ...from(OWNER), caller: { tenancy: OWNER, groups } };
    const documents = own(
      "allow group Administrators to manage all-resources in tenancy",
      "deny any-user to use keys in tenancy",
    );
    expect(enforce(administrator, documents)).toBe(true);
    // Only at home.
    const elsewhere = { ...from(VENDOR), caller: { tenancy: VENDOR, groups } };
    const admitted = [
      "admit any-user of any-tenancy to use keys in tenancy",
      "deny admit any-user of any-tenancy to use keys in tenancy",
    ];
    const target = [{ compartmentId: OWNER, statements: admitted }];
    expect(decide(elsewhere, { target, caller: [] })).toEqual({ allowed: false, why: "denied" });
  });

  test.each<[string, string, boolean, boolean]>([
    ["inspect", "KEY_DECRYPT", true, false],
    ["inspect", "KEY_INSPECT", false, false],
    ["use", "KEY_DECRYPT", false, false],
    ["use", "KEY_READ", false, true],
    ["use", "KEY_DELETE", true, false],
    ["manage", "KEY_DECRYPT", false, true],
    ["manage", "KEY_DELETE", false, false],
  ])("deny … to %s and %s, in both readings of the page", (verb, permission, same, widerToo) => {
    const documents = own(`deny any-user to ${verb} keys in tenancy`);
    expect(enforce(from(OWNER, permission), documents)).toBe(same);
    expect(enforce(from(OWNER, permission), documents, { ociDenyVerb: "wider-too" })).toBe(widerToo);
  });
});

test("a statement that cannot be read gives nothing and takes nothing", () => {
  expect(outside([TENANCY, DEFINE, `${ADMIT} whenever target.key.id = '${KEY}'`])).toBe(false);
  expect(outside([TENANCY, DEFINE, ADMIT, "deny admit everybody to use keys in tenancy"])).toBe(true);
});
