import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyDelta, deltaOf } from "../../../src/clouds/gcp/delta.ts";
import { type AddOptions, addGrant, removeGrant } from "../../../src/clouds/gcp/document.ts";
import { isSameMember } from "../../../src/clouds/gcp/members.ts";
import { KeygrantError } from "../../../src/core/errors.ts";
import type { Grant } from "../../../src/core/model.ts";
import {
  GRANT,
  GROUP,
  grantTo,
  MEMBER,
  OPERATOR,
  policyText,
  type RawBinding,
  ROLE,
  RSA,
  SYMMETRIC,
} from "./fixture.ts";

const ALICE = "user:alice@example.com";
const WEEKDAYS = { title: "weekdays", expression: 'request.time.getDayOfWeek("UTC") < 6' };
const CONDITIONAL: RawBinding = { role: ROLE, members: [ALICE], condition: WEEKDAYS };
const PLAIN: RawBinding = { role: ROLE, members: [ALICE] };

const add = (text: string, options: AddOptions = {}, grant: Grant = GRANT) => addGrant(text, grant, SYMMETRIC, options);
const remove = (text: string, grant: Grant = GRANT) => removeGrant(text, grant, [SYMMETRIC]);
const bindingsOf = (text: string | undefined) => (JSON.parse(text ?? "{}") as { bindings?: RawBinding[] }).bindings;

describe("adding", () => {
  test("joins the unconditional binding of the role", () => {
    const change = add(policyText([CONDITIONAL, PLAIN]));
    expect(bindingsOf(change?.text)).toEqual([CONDITIONAL, { role: ROLE, members: [ALICE, MEMBER] }]);
    expect(change?.summary).toEqual([
      `adds ${MEMBER} to the binding of ${ROLE}`,
      "keeps the other binding, which has a condition, as it is",
    ]);
  });

  test("never joins a conditional one: makes a binding of its own", () => {
    const change = add(policyText([CONDITIONAL]));
    expect(bindingsOf(change?.text)).toEqual([CONDITIONAL, { role: ROLE, members: [MEMBER] }]);
    expect(change?.summary[0]).toBe(`adds a binding of ${ROLE} for ${MEMBER}`);
  });

  test("to an empty policy, whose etag stays", () => {
    expect(JSON.parse(add('{"etag":"ACAB"}')?.text ?? "")).toEqual({
      etag: "ACAB",
      bindings: [{ role: ROLE, members: [MEMBER] }],
    });
  });

  test("the role follows the kind of the key", () => {
    expect(bindingsOf(addGrant(policyText([]), GRANT, RSA)?.text)?.[0]?.role).toBe(OPERATOR);
  });

  test("already there, also in other case: nothing to do", () => {
    expect(add(policyText([{ role: ROLE, members: [MEMBER] }]))).toBeNull();
    expect(add(policyText([{ role: ROLE, members: [`group:${GROUP.toUpperCase()}`] }]))).toBeNull();
  });

  test("allowed already elsewhere: nothing to do", () => {
    expect(add(policyText([]), { isAllowed: () => true })).toBeNull();
    expect(add(policyText([]), { isAllowed: (_, permission) => permission.endsWith("useToEncrypt") })).not.toBeNull();
  });

  test("two projects' groups stand side by side", () => {
    const first = add(policyText([]))?.text ?? "";
    const second = add(first, {}, grantTo("other@aiven.io"));
    expect(bindingsOf(second?.text)).toEqual([{ role: ROLE, members: [MEMBER, "group:other@aiven.io"] }]);
  });

  test("a replaced principal goes from the role's unconditional binding, and from nothing else", () => {
    const old = "group:old@aiven.io";
    const bindings = [
      { role: ROLE, members: [old, ALICE] },
      { ...CONDITIONAL, members: [old] },
      { role: "roles/cloudkms.viewer", members: [old] },
    ];
    for (const name of [old, "OLD@aiven.io"]) {
      expect(bindingsOf(add(policyText(bindings), { replacePrincipals: [name] })?.text)).toEqual([
        { role: ROLE, members: [ALICE, MEMBER] },
        bindings[1],
        bindings[2],
      ]);
    }
    expect(() => add(policyText([]), { replacePrincipals: [GROUP] })).toThrow(
      expect.objectContaining({ code: "change.replaces-itself" }),
    );
  });

  test("orphans go only when that is asked for", () => {
    const gone = "deleted:group:x@aiven.io?uid=123";
    const text = policyText([
      { role: ROLE, members: [gone, MEMBER] },
      { role: "roles/viewer", members: [gone] },
    ]);
    expect(add(text)).toBeNull();
    expect(bindingsOf(add(text, { pruneOrphans: true })?.text)).toEqual([{ role: ROLE, members: [MEMBER] }]);
  });

  test("a policy that was read at version 1 is not edited", () => {
    const text = policyText([{ role: `${ROLE}_withcond_2b17cc25d2cd9e2c54d8`, members: [ALICE] }]);
    expect(() => add(text)).toThrow(expect.objectContaining({ code: "change.conditions-hidden", kind: "refused" }));
  });

  test.each([
    "",
    "[]",
    '"x"',
    '{"bindings":{}}',
    '{"bindings":[1]}',
    '{"bindings":[{"members":[]}]}',
    '{"bindings":[{"role":"r","members":"m"}]}',
  ])("%s is no policy", (text) => {
    expect(() => add(text)).toThrow(KeygrantError);
  });

  test("numbers, unknown fields and their order stay as they were", () => {
    const text = `{"z":{"n":12345678901234567890,"f":1.50},"bindings":[{"new":[1e3],"role":"${ROLE}","members":["${ALICE}"]}],"auditConfigs":[{"service":"allServices"}],"etag":"BwX=","version":3}`;
    const after = add(text)?.text ?? "";
    expect(after.replace(/\s/g, "")).toBe(text.replace(`"${ALICE}"]`, `"${ALICE}","${MEMBER}"]`));
  });
});

describe("removing", () => {
  test("from every binding that lets the vendor do something that the grant is for", () => {
    const bindings = [
      { role: ROLE, members: [ALICE, MEMBER] },
      { ...CONDITIONAL, members: [MEMBER] },
      { role: "projects/demo/roles/unknown", members: [MEMBER, ALICE] },
      { role: "roles/cloudkms.viewer", members: [MEMBER] },
    ];
    const change = remove(policyText(bindings));
    expect(bindingsOf(change?.text)).toEqual([
      { role: ROLE, members: [ALICE] },
      { role: "projects/demo/roles/unknown", members: [ALICE] },
      bindings[3],
    ]);
    expect(change?.summary).toContain(
      `removes the binding of ${ROLE} with a condition: nobody but ${MEMBER} was in it`,
    );
  });

  test("a role that was looked up and has none of it stays", () => {
    const text = policyText([{ role: "projects/demo/roles/mine", members: [MEMBER] }]);
    expect(
      removeGrant(text, GRANT, [SYMMETRIC], new Map([["projects/demo/roles/mine", new Set(["x.y.z"])]])),
    ).toBeNull();
  });

  test("nothing there: nothing to do", () => {
    expect(remove(policyText([PLAIN, CONDITIONAL]))).toBeNull();
  });
});

// Policies as people have them: several bindings of a role, conditions, members of all kinds, fields of the future.
const member = fc.constantFrom(
  ...[ALICE, "group:other@aiven.io", "serviceAccount:s@p.iam.gserviceaccount.com", "allUsers", "domain:aiven.io"],
  ...["deleted:group:gone@aiven.io?uid=1", "principalSet://iam.googleapis.com/projects/1/x/*", "user:Bob@Example.com"],
);
const binding = fc.record(
  {
    role: fc.constantFrom(ROLE, OPERATOR, "roles/cloudkms.viewer", "roles/owner", "projects/p/roles/r"),
    members: fc.uniqueArray(member, { minLength: 1, maxLength: 4 }),
    condition: fc.record({
      title: fc.string({ maxLength: 8 }),
      expression: fc.constantFrom("true", "request.time < x"),
    }),
    future: fc.jsonValue({ maxDepth: 1 }),
  },
  { requiredKeys: ["role", "members"] },
);
const policy = fc
  .record(
    {
      version: fc.constantFrom(1, 3),
      etag: fc.constant("BwWWja0YfJA="),
      bindings: fc.array(binding, { minLength: 1, maxLength: 6 }),
      auditConfigs: fc.array(fc.record({ service: fc.string({ maxLength: 8 }) }), { maxLength: 2 }),
      future: fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: ["etag"] },
  )
  .map((value) => JSON.stringify(value, null, 2));

describe("properties", () => {
  test("any policy comes back unchanged but for our member", () => {
    fc.assert(
      fc.property(policy, (before) => {
        const after = JSON.parse(add(before)?.text ?? before) as { bindings: RawBinding[] };
        const original = JSON.parse(before) as { bindings?: RawBinding[] };
        const without = after.bindings.flatMap((one) => {
          const members = (one.members ?? []).filter((name) => !isSameMember(name, MEMBER));
          return members.length === 0 ? [] : [{ ...one, members }];
        });
        const { bindings: _, ...rest } = after;
        const { bindings = [], ...originalRest } = original;
        expect(without).toEqual(bindings);
        expect(rest).toEqual(originalRest);
        expect(Object.keys(rest)).toEqual(Object.keys(originalRest));
        expect(after.bindings.filter((one) => one.condition !== undefined)).toEqual(
          bindings.filter((one) => one.condition !== undefined),
        );
      }),
    );
  });

  test("twice is once", () => {
    fc.assert(
      fc.property(policy, (before) => {
        const once = add(before)?.text;
        expect(once).toBeDefined();
        expect(add(once ?? "")).toBeNull();
      }),
    );
  });

  test("removing after adding gives back the original", () => {
    fc.assert(
      fc.property(policy, (before) => {
        const after = add(before)?.text ?? "";
        expect(remove(after)?.text).toBe(before);
      }),
    );
  });

  test("the difference, applied to what it was made from, is the edit; applied again, nothing", () => {
    fc.assert(
      fc.property(policy, (before) => {
        const after = add(before, { pruneOrphans: true, replacePrincipals: ["other@aiven.io"] })?.text ?? "";
        const delta = deltaOf(before, after);
        const again = applyDelta(before, delta) ?? "";
        expect(applyDelta(again, delta)).toBeNull();
        expect(applyDelta(after, delta)).toBeNull();
        expect(deltaOf(again, after)).toEqual({ adds: [], removes: [] });
      }),
    );
  });

  test("the difference leaves what others have done meanwhile alone", () => {
    fc.assert(
      fc.property(policy, policy, (before, theirs) => {
        const delta = deltaOf(before, add(before)?.text ?? "");
        const merged = applyDelta(theirs, delta) ?? "";
        expect(remove(merged)?.text).toBe(theirs);
      }),
    );
  });
});
