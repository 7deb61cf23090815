import { describe, expect, test } from "vitest";
import { evaluateCondition } from "../../../src/clouds/oci/condition.ts";
import { type Action, type Condition, parseStatement } from "../../../src/clouds/oci/statement.ts";
import { covers, holdsKeys } from "../../../src/clouds/oci/verbs.ts";
import { DATA, KEY_ID } from "./helpers.ts";

function conditionOf(text: string): Condition {
  const { statement } = parseStatement(`allow group a to use keys in tenancy where ${text}`);
  if (statement?.kind !== "allow" || statement.condition === null) throw new Error(`no condition: ${text}`);
  return statement.condition;
}

function actionOf(text: string): Action {
  const { statement } = parseStatement(`allow group a to ${text} in tenancy`);
  if (statement?.kind !== "allow") throw new Error(`no action: ${text}`);
  return statement.action;
}

function met(text: string, permission = "KEY_DECRYPT", region: { name: string; code: string | null } | null = null) {
  return evaluateCondition(conditionOf(text), {
    permission,
    keyId: KEY_ID,
    compartment: DATA,
    region: region ?? { name: "eu-frankfurt-1", code: "fra" },
  });
}

describe("what verbs hold", () => {
  test.each([
    // An allow holds what the verbs below it hold.
    ["inspect keys", "no"],
    ["read keys", "no"],
    ["use keys", "yes"],
    ["USE Keys", "yes"],
    ["manage keys", "yes"],
    ["use key-family", "yes"],
    ["manage all-resources", "yes"],
    ["use vaults", "no"],
    ["manage secret-family", "no"],
    ["use buckets", "no"],
    // Oracle's own table contradicts itself.
    ["use key-delegate", "unknown"],
    ["use key-delegates", "unknown"],
    ["use vault-family", "unknown"],
    ["encrypt keys", "unknown"],
    ["associate keys", "no"],
    ["{KEY_DECRYPT}", "yes"],
    ["{key_decrypt, KEY_READ}", "yes"],
    ["{KEY_ENCRYPT}", "no"],
    ["use constructor", "no"],
    ["__proto__ keys", "unknown"],
  ])("allow: %s", (text, answer) => {
    expect(covers(actionOf(text), "KEY_DECRYPT", false)).toBe(answer);
  });

  test.each([
    // A deny takes what the verbs above it hold: "Metaverb Inversion" (denypolicies.htm).
    ["inspect keys", "yes"],
    ["read keys", "yes"],
    ["use keys", "yes"],
    ["manage keys", "no"],
    ["inspect all-resources", "yes"],
    ["inspect any-resource", "yes"],
    ["manage all-resources", "no"],
    ["use key-delegate", "unknown"],
    ["{KEY_DECRYPT}", "yes"],
    ["{KEY_DELETE}", "no"],
    ["delete keys", "unknown"],
  ])("deny: %s", (text, answer) => {
    expect(covers(actionOf(text), "KEY_DECRYPT", true)).toBe(answer);
  });

  test("export is part of use", () => {
    expect(covers(actionOf("use keys"), "KEY_EXPORT", false)).toBe("yes");
    expect(covers(actionOf("read keys"), "KEY_EXPORT", false)).toBe("no");
    expect(covers(actionOf("use keys"), "KEY_DELETE", false)).toBe("no");
    expect(covers(actionOf("use keys"), "KEY_SOMETHING_NEW", false)).toBe("unknown");
  });

  test("names that hold no keys", () => {
    expect(["api-keys", "ssh-keys", "secrets", "vaults", "instances"].map(holdsKeys)).toEqual([
      "no",
      "no",
      "no",
      "no",
      "no",
    ]);
  });
});

describe("conditions", () => {
  test.each([
    [`target.key.id = '${KEY_ID}'`, "yes"],
    [`TARGET.KEY.ID = '${KEY_ID.toUpperCase()}'`, "yes"],
    ["target.key.id = 'ocid1.key.oc1.eu-frankfurt-1.vault1.other'", "no"],
    [`target.key.id != '${KEY_ID}'`, "no"],
    ["target.key.id != 'another'", "yes"],
    [`target.key.id in ('a', '${KEY_ID}')`, "yes"],
    ["target.key.id in ('a', 'b')", "no"],
    [`target.key.id not in ('a', '${KEY_ID}')`, "no"],
    ["target.key.id not in ('a')", "yes"],
    ["target.key.id = /ocid1.key.oc1.*/", "yes"],
    ["target.key.id = /*key1/", "yes"],
    ["target.key.id = /*vault1*/", "yes"],
    ["target.key.id = /*vault2*/", "no"],
    ["target.key.id = /OCID1.KEY*/", "yes"],
    ["target.key.id = /*/", "yes"],
    [`target.key.id = /${KEY_ID}/`, "yes"],
    ["target.key.id = /ocid1.key.oc1/", "no"],
    // A regular expression to some, and on no page.
    ["target.key.id = /ocid1\\.key.*/", "unknown"],
    ["target.key.id = /(a|b)*/", "unknown"],
    ["target.key.id = /xyz.*/", "no"],
    ["target.key.id = /ocid1.key.oc1.eu-frankfurt-1.vault1.abtheljrkey1.*/", "unknown"],
    // Another variable.
    ["target.key.id = target.vault.id", "unknown"],
    [`target.compartment.id = '${DATA.id}'`, "yes"],
    ["target.compartment.id = 'x'", "no"],
    ["target.compartment.name = 'data'", "yes"],
    ["target.compartment.name != 'data'", "no"],
    ["request.region = 'FRA'", "yes"],
    ["request.region = 'iad'", "no"],
    // Which of the two counts is on two pages, differently.
    ["request.region = 'eu-frankfurt-1'", "unknown"],
    ["request.region != 'eu-frankfurt-1'", "unknown"],
    ["request.permission = 'KEY_DECRYPT'", "yes"],
    ["request.permission = 'key_decrypt'", "yes"],
    ["request.permission != 'KEY_EXPORT'", "yes"],
    ["request.permission = 'KEY_ENCRYPT'", "no"],
    ["request.operation = 'Decrypt'", "yes"],
    ["request.operation != 'Decrypt'", "no"],
    ["request.networkSource.name = 'corpnet'", "unknown"],
    ["request.networkSource.name != 'corpnet'", "unknown"],
    ["target.vault.id = 'x'", "unknown"],
    ["target.resource.tag.a.b = 'c'", "unknown"],
    ["sets-intersect(target.resource.compartment.tag.a.b, ('c'))", "unknown"],
    ["request.utc-timestamp before '2020-01-01T00:00:00Z'", "unknown"],
    ["request.utc-timestamp.time-of-day between '00:00:00Z' and '01:00:00Z'", "unknown"],
    ["target.key.id before 'z'", "unknown"],
    ["target.key.id", "yes"],
    ["!target.key.id", "no"],
    ["request.constructor = 'x'", "unknown"],
    [`any {target.key.id = 'x', target.key.id = '${KEY_ID}'}`, "yes"],
    ["any {target.key.id = 'x', target.key.id = 'y'}", "no"],
    [`all {target.key.id = '${KEY_ID}', request.region = 'fra'}`, "yes"],
    [`all {target.key.id = '${KEY_ID}', request.user.name = 'a'}`, "unknown"],
    ["all {target.key.id = 'x', request.user.name = 'a'}", "no"],
    [`any {target.key.id = '${KEY_ID}', request.user.name = 'a'}`, "yes"],
    ["any {target.key.id = 'x', request.user.name = 'a'}", "unknown"],
    [`all {any {target.key.id = '${KEY_ID}'}, any {request.region = 'lhr', request.region = 'fra'}}`, "yes"],
  ])("%s: %s", (text, answer) => {
    expect(met(text).met).toBe(answer);
  });

  test("says on what it depends, and what fails", () => {
    expect(met(`all {target.key.id = '${KEY_ID}', request.user.name = 'a', target.x.y != 'z'}`)).toMatchObject({
      on: ["request.user.name = 'a'", "target.x.y != 'z'"],
    });
    expect(met("all {target.key.id = 'x', request.region = 'fra'}").failed).toEqual(["target.key.id = 'x'"]);
    expect(met("any {target.key.id = 'x', target.key.id = 'y'}").failed).toEqual([
      "any {target.key.id = 'x', target.key.id = 'y'}",
    ]);
  });

  test("one permission, several operations", () => {
    expect(met("request.operation = 'Encrypt'", "KEY_ENCRYPT").met).toBe("unknown");
    expect(met("request.operation in ('Encrypt', 'GenerateDataEncryptionKey')", "KEY_ENCRYPT").met).toBe("yes");
    expect(met("request.operation = 'Sign'", "KEY_ENCRYPT").met).toBe("no");
    expect(met("request.operation = 'Sign'", "KEY_SIGN").met).toBe("unknown");
  });

  test("a region whose code is not known", () => {
    expect(met("request.region = 'fra'", "KEY_DECRYPT", { name: "moon-sea-1", code: null }).met).toBe("unknown");
  });

  test("a pattern of many stars takes no time", () => {
    const start = performance.now();
    expect(met(`target.key.id = /${"*a".repeat(10_000)}/`).met).toBe("no");
    expect(performance.now() - start).toBeLessThan(500);
  });
});
