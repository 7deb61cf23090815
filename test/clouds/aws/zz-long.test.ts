import fc from "fast-check"; fc.configureGlobal({ numRuns: 8000 });
import { describe, expect, test } from "vitest";
import aiven from "../../../policies/aiven/aws.json" with { type: "json" };
import { type AddOptions, addGrant, LARGEST_POLICY_BYTES, removeGrant } from "../../../src/clouds/aws/document.ts";
import { revisionOf, sameMeaning, statementMeanings } from "../../../src/clouds/aws/meaning.ts";
import { grantStatements } from "../../../src/clouds/aws/template.ts";
import { KeygrantError } from "../../../src/core/errors.ts";
import type { Grant, KeyKind, KeyRef, VendorCloudPolicy } from "../../../src/core/model.ts";

const POLICY = aiven as VendorCloudPolicy;
const KIND = POLICY.key.kinds[0] as KeyKind;
const KEY: KeyRef = {
  cloud: "aws",
  id: "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111",
  region: "eu-west-1",
  owner: "111122223333",
};
const ROLE = "arn:aws:iam::999988887777:role/aiven-cmk-anchor";
const OTHER = "arn:aws:iam::999988887777:role/aiven-cmk-anchor-second";
const OLD = "arn:aws:iam::999988887777:role/aiven-cmk-anchor-old";
const ORPHAN = "AROA1234567890EXAMPLE";
const SID = "Allow Aiven to use this key for CMK operations";

const ROOT = {
  Sid: "Enable IAM User Permissions",
  Effect: "Allow",
  Principal: { AWS: "arn:aws:iam::111122223333:root" },
  Action: "kms:*",
  Resource: "*",
};
const OURS = {
  Sid: SID,
  Effect: "Allow",
  Principal: { AWS: ROLE },
  Action: ["kms:Encrypt", "kms:Decrypt"],
  Resource: "*",
};

function grantTo(...roles: string[]): Grant {
  return { policy: POLICY, accessors: roles.map((role_arn) => ({ cloud: "aws", fields: { role_arn } })) };
}

function policy(...statements: unknown[]): string {
  return JSON.stringify({ Version: "2012-10-17", Id: "key-default-1", Statement: statements }, null, 2);
}

function add(text: string, options: Partial<AddOptions> = {}, grant = grantTo(ROLE)) {
  return addGrant(text, grant, KIND, { key: KEY, ...options });
}

/** The statements after the grant was added. */
function added(statements: readonly unknown[], options: Partial<AddOptions> = {}, grant = grantTo(ROLE)): unknown[] {
  const change = add(policy(...statements), options, grant);
  if (change === null) throw new Error("nothing changed");
  return JSON.parse(change.text).Statement;
}

function refused(act: () => unknown): KeygrantError {
  try {
    act();
  } catch (error) {
    if (error instanceof KeygrantError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("putting the grant in", () => {
  test("a statement of its own, to the letter, after the others", () => {
    const change = add(policy(ROOT));
    expect(change?.text).toBe(policy(ROOT, OURS));
    expect(change?.summary).toEqual([
      `adds statement "${SID}": allows ${ROLE} kms:Encrypt, kms:Decrypt`,
      "keeps the other statement as it is",
    ]);
  });

  test("two accessors share a statement", () => {
    expect(added([ROOT], {}, grantTo(ROLE, OTHER))).toEqual([ROOT, { ...OURS, Principal: { AWS: [ROLE, OTHER] } }]);
  });

  test.each<[string, unknown]>([
    ["our statement", OURS],
    ["another Sid", { ...OURS, Sid: "vendors" }],
    ["no Sid", { ...OURS, Sid: undefined }],
    ["a list of principals", { ...OURS, Principal: { AWS: [OTHER, ROLE] } }],
    ["every action", { ...OURS, Action: "kms:*" }],
    ["every action of everything", { ...OURS, Action: "*" }],
    ["wildcards, in any case", { ...OURS, Action: ["KMS:En*", "kms:?ecrypt"] }],
    ["more actions", { ...OURS, Action: ["kms:DescribeKey", "kms:Decrypt", "kms:Encrypt"] }],
    ["everything but", { ...OURS, Action: undefined, NotAction: ["kms:Put*", "kms:ScheduleKeyDeletion"] }],
    ["the key's own ARN", { ...OURS, Resource: KEY.id }],
    ["a pattern for the key's ARN", { ...OURS, Resource: ["arn:aws:kms:*:111122223333:key/*"] }],
    ["an empty condition", { ...OURS, Condition: {} }],
    ["the role's whole account", { ...OURS, Principal: { AWS: "arn:aws:iam::999988887777:root" } }],
    ["the role's whole account, by id", { ...OURS, Principal: { AWS: ["999988887777"] } }],
    ["everybody", { ...OURS, Principal: "*" }],
    ["everybody, in a list", { ...OURS, Principal: { AWS: ["*"] } }],
  ])("nothing when it is there already: %s", (_, statement) => {
    expect(add(policy(ROOT, statement))).toBeNull();
  });

  test("nothing when two statements hold it together", () => {
    expect(add(policy({ ...OURS, Action: "kms:Encrypt" }, { ...OURS, Sid: "b", Action: "kms:Decrypt" }))).toBeNull();
  });

  test("nothing when somebody who can judge conditions says that it is allowed", () => {
    const statement = { ...OURS, Sid: "mine", Condition: { Bool: { "aws:SecureTransport": "true" } } };
    expect(add(policy(statement), { isAllowed: (principal) => principal === ROLE })).toBeNull();
  });

  test.each<[string, unknown]>([
    ["a condition", { ...OURS, Condition: { StringEquals: { "kms:ViaService": "s3.amazonaws.com" } } }],
    ["another resource", { ...OURS, Resource: "arn:aws:kms:eu-west-1:111122223333:key/other" }],
    ["no resource", { ...OURS, Resource: undefined }],
    ["a NotResource", { ...OURS, Resource: undefined, NotResource: "x" }],
    ["no action", { ...OURS, Action: undefined }],
    ["a deny", { ...OURS, Effect: "Deny" }],
    ["a NotPrincipal", { ...OURS, Principal: undefined, NotPrincipal: { AWS: OTHER } }],
    ["a field of another name", { ...OURS, Conditions: {} }],
    [
      "a role of another account",
      { ...OURS, Sid: SID, Principal: { AWS: ROLE.replace("999988887777", "123456789012") }, Action: "kms:*" },
    ],
    ["a role that only begins like it", { ...OURS, Principal: { AWS: `${ROLE}-old` }, Action: "kms:*" }],
    [
      "a session of the role",
      {
        ...OURS,
        Principal: { AWS: "arn:aws:sts::999988887777:assumed-role/aiven-cmk-anchor/s" },
        Condition: { Null: {} },
      },
    ],
    ["everything but what it needs", { ...OURS, Action: undefined, NotAction: "kms:*crypt" }],
  ])("a second statement beside one that does not do: %s", (_, statement) => {
    const before = JSON.parse(policy(statement)).Statement;
    expect(added([ROOT, statement])).toEqual([ROOT, ...before, { ...OURS, Sid: `${SID} 2` }]);
  });

  test("Sids stay unique", () => {
    const deny = { ...OURS, Effect: "Deny", Principal: { AWS: OTHER } };
    expect(added([deny, { ...deny, Sid: `${SID} 2` }])).toEqual([
      deny,
      { ...deny, Sid: `${SID} 2` },
      { ...OURS, Sid: `${SID} 3` },
    ]);
  });

  test("the principal joins our statement, and nobody leaves it", () => {
    expect(added([ROOT, { ...OURS, Principal: { AWS: OTHER } }])).toEqual([
      ROOT,
      { ...OURS, Principal: { AWS: [OTHER, ROLE] } },
    ]);
    const listed = { ...OURS, Principal: { AWS: [OLD, OTHER] }, Action: ["kms:decrypt", "kms:Encrypt"] };
    expect(added([listed])).toEqual([{ ...listed, Principal: { AWS: [OLD, OTHER, ROLE] } }]);
  });

  test.each<[string, object]>([
    ["has another Sid", { Sid: "vendors" }],
    ["allows more", { Action: ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"] }],
    ["allows less", { Action: ["kms:Encrypt"] }],
    ["has a condition", { Condition: { Bool: { "aws:SecureTransport": "true" } } }],
    ["has another kind of principal", { Principal: { AWS: OTHER, Service: "s3.amazonaws.com" } }],
    ["is about another resource", { Resource: ["*", "x"] }],
  ])("the principal does not join a statement that %s", (_, difference) => {
    const statement = { ...OURS, Principal: { AWS: OTHER }, ...difference };
    const [kept, own] = added([statement]);
    expect(kept).toEqual(statement);
    expect(own).toMatchObject({ Principal: { AWS: ROLE }, Action: ["kms:Encrypt", "kms:Decrypt"] });
  });

  test("an action that our statement for the principal alone lacks is added there", () => {
    const before = { ...OURS, Action: "kms:Encrypt" };
    expect(added([before])).toEqual([{ ...OURS, Action: ["kms:Encrypt", "kms:Decrypt"] }]);
    expect(add(policy(before))?.summary[0]).toBe(`adds kms:Decrypt to statement "${SID}", which is for ${ROLE} alone`);
  });

  test("an action that our statement for several lacks is added beside it: nobody else gains", () => {
    const shared = { ...OURS, Principal: { AWS: [ROLE, OTHER] }, Action: "kms:Encrypt" };
    expect(added([shared])).toEqual([shared, { ...OURS, Sid: `${SID} 2`, Action: "kms:Decrypt" }]);
  });

  test("the next one who lacks it joins there", () => {
    const shared = { ...OURS, Principal: { AWS: [ROLE, OTHER] }, Action: "kms:Encrypt" };
    expect(added([shared], {}, grantTo(ROLE, OTHER))).toEqual([
      shared,
      { ...OURS, Sid: `${SID} 2`, Action: "kms:Decrypt", Principal: { AWS: [ROLE, OTHER] } },
    ]);
  });

  test("one bare statement becomes a list, other fields stay where they were", () => {
    const text = JSON.stringify({ Id: "x", Statement: ROOT, Version: "2012-10-17", Extra: [1, null] });
    expect(add(text)?.text).toBe(
      JSON.stringify({ Id: "x", Statement: [ROOT, OURS], Version: "2012-10-17", Extra: [1, null] }, null, 2),
    );
  });

  test("what JavaScript would change in passing stays as it was written", () => {
    const text = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","__proto__":{"a":1},
      "Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":12345678901234567890,"x":1.0}}}],"__proto__":2}`;
    const after = add(text)?.text ?? "";
    expect(after).toContain("12345678901234567890");
    expect(after).toContain("1.0");
    expect(after.match(/"__proto__"/g)).toHaveLength(2);
  });

  test("fields of an accessor go in as data", () => {
    const role = 'arn:aws:iam::999988887777:role/"},{"Effect":"Allow{role_arn}';
    const change = add(policy(ROOT), {}, grantTo(role));
    expect(JSON.parse(change?.text ?? "").Statement[1].Principal).toEqual({ AWS: role });
  });
});

describe("--replace-principal", () => {
  test("takes the old principal out of ours, after the new one is in", () => {
    const before = { ...OURS, Principal: { AWS: OLD } };
    expect(added([ROOT, before], { replacePrincipals: [OLD] })).toEqual([ROOT, OURS]);
    expect(added([ROOT, OURS, { ...before, Sid: `${SID} 2` }], { replacePrincipals: [OLD] })).toEqual([ROOT, OURS]);
  });

  test("leaves it in statements that are not ours", () => {
    const theirs = { ...OURS, Sid: "mine", Principal: { AWS: OLD } };
    const denied = { ...OURS, Effect: "Deny", Principal: { AWS: OLD } };
    expect(added([theirs, denied], { replacePrincipals: [OLD] })).toEqual([
      theirs,
      denied,
      { ...OURS, Sid: `${SID} 2` },
    ]);
    expect(add(policy(OURS, theirs), { replacePrincipals: [OLD] })).toBeNull();
  });

  test("refuses to take out what the vendor names now", () => {
    expect(refused(() => add(policy(OURS), { replacePrincipals: [ROLE] })).code).toBe("change.replaces-itself");
  });
});

describe("--prune-orphans", () => {
  test("takes deleted users and roles out of Allow statements, and drops a statement that is left empty", () => {
    const mixed = { ...ROOT, Principal: { AWS: ["arn:aws:iam::111122223333:root", ORPHAN, "AIDA1234567890EXAMPLE"] } };
    const alone = { ...OURS, Sid: "gone", Principal: { AWS: ORPHAN } };
    const service = { ...OURS, Sid: "service", Principal: { AWS: [ORPHAN], Service: "s3.amazonaws.com" } };
    const change = add(policy(mixed, alone, service, OURS), { pruneOrphans: true });
    expect(JSON.parse(change?.text ?? "").Statement).toEqual([
      ROOT,
      { ...service, Principal: { Service: "s3.amazonaws.com" } },
      OURS,
    ]);
    expect(change?.summary).toEqual([
      `takes ${ORPHAN}, AIDA1234567890EXAMPLE out of statement "Enable IAM User Permissions"`,
      `removes statement "gone": nobody but ${ORPHAN} was in it`,
      `takes ${ORPHAN} out of statement "service"`,
      "keeps the other statement as it is",
    ]);
  });

  test("never from a Deny nor a NotPrincipal, and not unasked", () => {
    const deny = { ...OURS, Sid: "deny", Effect: "Deny", Principal: { AWS: ORPHAN } };
    const not = { ...OURS, Sid: "not", Effect: "Deny", Principal: undefined, NotPrincipal: { AWS: [ORPHAN, ROLE] } };
    expect(add(policy(OURS, deny, not), { pruneOrphans: true })).toBeNull();
    expect(add(policy(OURS, { ...ROOT, Principal: { AWS: ORPHAN } }))).toBeNull();
  });

  test("our own statement with only an orphan in it keeps its place", () => {
    expect(added([{ ...OURS, Principal: { AWS: ORPHAN } }, ROOT], { pruneOrphans: true })).toEqual([OURS, ROOT]);
  });
});

describe("taking the grant out", () => {
  const remove = (...statements: unknown[]) => removeGrant(policy(...statements), grantTo(ROLE), KIND);
  const left = (...statements: unknown[]): unknown => JSON.parse(remove(...statements)?.text ?? "null")?.Statement;

  test.each<[string, unknown[], unknown[]]>([
    ["its own statement", [ROOT, OURS], [ROOT]],
    ["under another Sid", [ROOT, { ...OURS, Sid: "mine" }], [ROOT]],
    ["from a list", [{ ...OURS, Principal: { AWS: [OTHER, ROLE] } }], [{ ...OURS, Principal: { AWS: OTHER } }]],
    [
      "with a condition, or more actions",
      [{ ...OURS, Action: "kms:*", Condition: { Bool: { a: true } } }, ROOT],
      [ROOT],
    ],
    ["ours without effect", [{ ...OURS, Action: undefined }, ROOT], [ROOT]],
    [
      "beside a service",
      [{ ...OURS, Principal: { Service: "x", AWS: ROLE } }],
      [{ ...OURS, Principal: { Service: "x" } }],
    ],
  ])("%s", (_, before, after) => {
    expect(left(...before)).toEqual(after);
  });

  test.each<[string, unknown]>([
    ["nothing of it", ROOT],
    ["somebody else", { ...OURS, Principal: { AWS: OTHER } }],
    ["a deny", { ...OURS, Effect: "Deny" }],
    ["other actions", { ...OURS, Sid: "look", Action: "kms:DescribeKey" }],
    ["its account", { ...OURS, Principal: { AWS: "999988887777" } }],
    ["everybody", { ...OURS, Principal: "*" }],
  ])("nothing to take: %s", (_, statement) => {
    expect(remove(statement)).toBeNull();
  });
});

describe("refused before any call", () => {
  test("a document beyond what AWS takes", () => {
    const filler = { ...ROOT, Sid: "x".repeat(LARGEST_POLICY_BYTES - 300) };
    expect(refused(() => add(policy(filler)))).toMatchObject({ kind: "refused", code: "change.too-large" });
  });

  test("white space goes before that", () => {
    const statements = Array.from({ length: 135 }, (_, index) => ({
      ...OURS,
      Sid: `s${index}`,
      Principal: { AWS: OTHER },
    }));
    expect(Buffer.byteLength(policy(...statements))).toBeGreaterThan(LARGEST_POLICY_BYTES);
    const text = add(policy(...statements))?.text ?? "";
    expect(text).not.toContain("\n");
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LARGEST_POLICY_BYTES);
  });

  test("a letter counts as the bytes that are sent", () => {
    const filler = { ...ROOT, Sid: "é".repeat(LARGEST_POLICY_BYTES / 2 - 100) };
    expect(refused(() => add(policy(filler))).code).toBe("change.too-large");
  });

  test("a character beyond Latin-1, but not its escape", () => {
    expect(refused(() => add(policy({ ...ROOT, Sid: "€" })))).toMatchObject({
      kind: "refused",
      code: "change.unencodable",
      message: expect.stringContaining("U+20AC"),
    });
    const escaped = policy({ ...ROOT, Sid: "€ é 😀" })
      .replace("€", "\\u20ac")
      .replace("😀", "\\ud83d\\ude00");
    const text = add(escaped)?.text ?? "";
    expect(text).toContain('"\\u20ac é \\ud83d\\ude00"');
    expect(refused(() => add(escaped, {}, grantTo("arn:aws:iam::999988887777:role/ł"))).code).toBe(
      "change.unencodable",
    );
  });

  test("a principal of another partition", () => {
    const grant = grantTo("arn:aws-cn:iam::999988887777:role/x");
    expect(refused(() => add(policy(ROOT), {}, grant))).toMatchObject({ kind: "refused", code: "change.partition" });
    expect(add(policy(ROOT), { key: null }, grant)).not.toBeNull();
  });

  test.each(["", "{", "[]", "{}", '{"Statement":[1]}', '{"Statement":[{"Effect":"Maybe"}]}'])(
    "a document that is no key policy: %s",
    (text) => {
      expect(refused(() => add(text)).kind).toBe("look");
    },
  );

  test("a template that does not fit the accessor", () => {
    const grant: Grant = { policy: POLICY, accessors: [{ cloud: "aws", fields: { principal: ROLE } }] };
    expect(refused(() => add(policy(ROOT), {}, grant))).toMatchObject({ kind: "usage", code: "usage.policy-template" });
    for (const statements of [undefined, "x", [{ Effect: "Deny" }], [{ ...OURS, Action: undefined }], [1]]) {
      const kind = { ...KIND, grant: { statements } };
      expect(refused(() => addGrant(policy(ROOT), grantTo(ROLE), kind, { key: KEY })).code).toBe(
        "usage.policy-template",
      );
    }
  });
});

test("the bare statements, as the vendor's page has them", () => {
  expect(grantStatements(grantTo(ROLE), KIND)).toEqual([OURS]);
  expect(Object.keys(grantStatements(grantTo(ROLE), KIND)[0] ?? {})).toEqual(Object.keys(OURS));
  expect(grantStatements(grantTo(ROLE, OTHER, ROLE), KIND)).toEqual([{ ...OURS, Principal: { AWS: [ROLE, OTHER] } }]);
});

describe("the same meaning", () => {
  test.each<[string, unknown, unknown]>([
    ["order of statements", [ROOT, OURS], [OURS, ROOT]],
    ["one statement bare", ROOT, [ROOT]],
    ["order and repetition in lists", [OURS], [{ ...OURS, Action: ["kms:Decrypt", "kms:Encrypt", "kms:Decrypt"] }]],
    ["a list of one", [ROOT], [{ ...ROOT, Action: ["kms:*"], Resource: ["*"] }]],
    ["an account id", [ROOT], [{ ...ROOT, Principal: { AWS: ["111122223333"] } }]],
    ["the case of actions", [OURS], [{ ...OURS, Action: ["KMS:ENCRYPT", "kms:decrypt"] }]],
    ["order of fields", [OURS], [Object.fromEntries(Object.entries(OURS).reverse())]],
    ["everybody", [{ ...OURS, Principal: "*" }], [{ ...OURS, Principal: { AWS: ["*"] } }]],
    ["an empty condition", [OURS], [{ ...OURS, Condition: {} }]],
    [
      "conditions",
      [{ ...OURS, Condition: { Bool: { "aws:SecureTransport": true }, StringEquals: { "kms:KeySpec": ["b", "a"] } } }],
      [
        {
          ...OURS,
          Condition: { StringEquals: { "KMS:keyspec": ["a", "b"] }, Bool: { "aws:SecureTransport": ["true"] } },
        },
      ],
    ],
  ])("%s", (_, a, b) => {
    const [left, right] = [JSON.stringify({ Statement: a }), JSON.stringify({ Statement: b }, null, 1)];
    expect(sameMeaning(left, right)).toBe(true);
    expect(revisionOf(left)).toBe(revisionOf(right));
  });

  test.each<[string, object]>([
    ["a principal more", { Principal: { AWS: [ROLE, OTHER] } }],
    ["another kind of principal", { Principal: { Service: ROLE } }],
    ["the case of a principal", { Principal: { AWS: ROLE.toUpperCase() } }],
    ["an action less", { Action: "kms:Encrypt" }],
    ["NotAction", { Action: undefined, NotAction: OURS.Action }],
    ["an effect", { Effect: "Deny" }],
    ["a Sid", { Sid: `${SID}!` }],
    ["a resource", { Resource: "arn:*" }],
    ["a condition", { Condition: { Bool: { "aws:SecureTransport": "true" } } }],
    ["an unknown field", { Note: 1 }],
  ])("is not %s", (_, difference) => {
    expect(sameMeaning(policy(OURS), policy({ ...OURS, ...difference }))).toBe(false);
  });

  test("text that is no JSON means itself", () => {
    expect(sameMeaning("x", "x")).toBe(true);
    expect(sameMeaning("x", "y")).toBe(false);
    expect(sameMeaning("1", "2")).toBe(false);
    expect(statementMeanings("x").size).toBe(0);
    expect(statementMeanings("1").size).toBe(0);
    expect(statementMeanings(policy(ROOT, OURS)).size).toBe(2);
  });
});

const principals = fc.oneof(
  fc.constant("*"),
  fc.record(
    {
      AWS: fc.oneof(
        fc.constantFrom(ROLE, OTHER, OLD, ORPHAN, "999988887777", "arn:aws:iam::111122223333:root", "*"),
        fc.uniqueArray(fc.constantFrom(ROLE, OTHER, OLD, ORPHAN, "111122223333"), { minLength: 1 }),
      ),
      Service: fc.constantFrom("s3.amazonaws.com"),
    },
    { requiredKeys: ["AWS"] },
  ),
);
const actions = fc.oneof(
  fc.constantFrom("kms:*", "kms:Encrypt", "kms:DescribeKey", "kms:?ecrypt"),
  fc.uniqueArray(fc.constantFrom("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "KMS:decrypt"), {
    minLength: 1,
  }),
);
const statement = fc
  .record(
    {
      Sid: fc.constantFrom(SID, `${SID} 2`, "mine", ""),
      Effect: fc.constantFrom("Allow", "Allow", "Deny"),
      Principal: principals,
      NotPrincipal: principals,
      Action: actions,
      NotAction: actions,
      Resource: fc.constantFrom("*", KEY.id, "x", ["*"]),
      Condition: fc.constantFrom({}, { Bool: { "aws:SecureTransport": "true" } }, { Null: { x: [true, 1] } }),
      Extra: fc.jsonValue(),
    },
    { requiredKeys: ["Effect", "Principal", "Action", "Resource"] },
  )
  .map((one) => JSON.parse(JSON.stringify(one)));
const document = fc
  .record(
    { Version: fc.constant("2012-10-17"), Statement: fc.array(statement, { maxLength: 6 }), Extra: fc.jsonValue() },
    { requiredKeys: ["Statement"] },
  )
  .map((one) => JSON.stringify(one));
const grant = fc.uniqueArray(fc.constantFrom(ROLE, OTHER), { minLength: 1 }).map((roles) => grantTo(...roles));

interface AnyStatement {
  readonly Sid?: string;
  readonly Principal?: string | { readonly AWS?: string | readonly string[] };
  readonly Action?: string | readonly string[];
}
const statementsOf = (text: string): AnyStatement[] => JSON.parse(text).Statement;
const flat = (value: string | readonly string[] | undefined) => [value ?? []].flat();
const inside = ({ Principal }: AnyStatement) => (typeof Principal === "string" ? [Principal] : flat(Principal?.AWS));

describe("whatever the policy", () => {
  test("every old statement survives, in its place, and loses nothing", () => {
    fc.assert(
      fc.property(document, grant, (text, to) => {
        const change = add(text, {}, to);
        if (change === null) return;
        const after = statementsOf(change.text);
        for (const [index, old] of statementsOf(text).entries()) {
          const now = after[index] as AnyStatement;
          const isOurs = old.Sid?.startsWith(SID) === true;
          if (!isOurs) expect(now).toEqual(old);
          expect({ ...now, Principal: 0, Action: 0 }).toEqual({ ...old, Principal: 0, Action: 0 });
          expect(inside(now)).toEqual(expect.arrayContaining(inside(old)));
          expect(flat(now.Action)).toEqual(expect.arrayContaining(flat(old.Action)));
        }
        const { Statement: _, ...rest } = JSON.parse(change.text);
        const { Statement: __, ...restBefore } = JSON.parse(text);
        expect(rest).toEqual(restBefore);
      }),
    );
  });

  test("adding twice is adding once", () => {
    fc.assert(
      fc.property(document, grant, fc.boolean(), (text, to, pruneOrphans) => {
        const once = add(text, { pruneOrphans, replacePrincipals: [OLD] }, to)?.text ?? text;
        expect(add(once, { pruneOrphans, replacePrincipals: [OLD] }, to)).toBeNull();
      }),
    );
  });

  test("removing after adding gives back the original, where the original had nothing of it", () => {
    fc.assert(
      fc.property(document, grant, (text, to) => {
        fc.pre(removeGrant(text, to, KIND) === null);
        const change = add(text, {}, to);
        const back = change === null ? text : removeGrant(change.text, to, KIND)?.text;
        expect(sameMeaning(back ?? "", text)).toBe(true);
      }),
    );
  });

  test("removing takes every mention out of what allows it, once and for all, and touches nobody else", () => {
    fc.assert(
      fc.property(document, grant, (text, to) => {
        const change = removeGrant(text, to, KIND);
        if (change === null) return;
        expect(removeGrant(change.text, to, KIND)).toBeNull();
        const gone = to.accessors.map((accessor) => accessor.fields["role_arn"] ?? "");
        const others = (statements: AnyStatement[]) =>
          new Set(statements.flatMap(inside).filter((name) => !gone.includes(name)));
        expect(others(statementsOf(change.text))).toEqual(others(statementsOf(text)));
      }),
    );
  });

  test("adding for one and then the other leaves both in", () => {
    fc.assert(
      fc.property(document, (text) => {
        const one = add(text, {}, grantTo(ROLE))?.text ?? text;
        const both = add(one, {}, grantTo(OTHER))?.text ?? one;
        expect(add(both, {}, grantTo(ROLE, OTHER))).toBeNull();
      }),
    );
  });
});
