import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePolicyText } from "../../../src/clouds/oci/edits.ts";
import { type GrantForm, plan, policyName } from "../../../src/clouds/oci/plan.ts";
import { parseRoot, ROOT } from "../../../src/clouds/oci/policies.ts";
import type { Change, KeyFacts } from "../../../src/core/model.ts";
import {
  ACCESSOR,
  ADMIT,
  answer,
  DATA,
  DEFINES,
  DENIED,
  facts,
  failureOf,
  GRANT,
  GROUP,
  judge,
  KEY,
  KEY_ID,
  keyId,
  policy,
  VENDOR,
} from "./helpers.ts";

const FORM: GrantForm = { scope: "key", noExport: false };
const OURS = policyName("aiven", 1);

function present(what: KeyFacts, form: GrantForm = FORM): Change | null {
  return plan(what, GRANT, "present", form);
}

function absent(what: KeyFacts, form: GrantForm = FORM): Change | null {
  return plan(what, GRANT, "absent", form);
}

function made(change: Change | null): Change {
  if (change === null) throw new Error("nothing is planned");
  return change;
}

/** What the only edit writes. */
function written(change: Change | null): readonly string[] {
  const { edits } = made(change);
  if (edits.length !== 1) throw new Error(`${edits.length} edits`);
  return parsePolicyText(edits[0]?.after ?? "")?.statements ?? [];
}

function policiesIn(what: KeyFacts): readonly string[] {
  const root = what.documents.find(({ id }) => id === ROOT)?.body;
  return root?.known === true ? (parseRoot(root.value.text)?.policies.map(({ name }) => name) ?? []) : [];
}

/** Another key of the tenancy, in the same place. */
function about(number: number, what: KeyFacts): KeyFacts {
  return { ...what, ref: { ...KEY, id: keyId(number) } };
}

describe("a grant that is not there", () => {
  test("becomes a policy of its own in the root compartment", () => {
    const change = made(present(facts()));
    expect(change.key).toEqual(KEY);
    expect(change.edits).toEqual([
      {
        document: "root",
        title: 'the policy "keygrant-aiven" in the root compartment',
        revision: "",
        before: "",
        after: JSON.stringify(
          {
            name: "keygrant-aiven",
            description:
              "Lets aiven use customer-managed keys. Written by keygrant, which adds and removes keys in it.",
            statements: [...DEFINES, ADMIT],
          },
          null,
          2,
        ),
        summary: [
          'creates the policy "keygrant-aiven" in the root compartment',
          `lets the group ${GROUP} of the tenancy ${VENDOR} use keys: ${KEY_ID}`,
        ],
      },
    ]);
    expect(answer(change.after).answer).toBe("allowed");
    expect(present(change.after)).toBeNull();
  });

  test("joins the policy that is there, on its etag, and leaves all others", () => {
    const theirs = policy("theirs", ["allow group Admins to manage keys in tenancy"]);
    const ours = policy(OURS, [...DEFINES, ADMIT.replace(KEY_ID, keyId(2)), "allow group X to read keys in tenancy"]);
    const change = made(present(facts({ root: [theirs, ours] })));
    expect(change.edits[0]).toMatchObject({ revision: ours.etag, before: expect.stringContaining(ours.id) });
    expect(parsePolicyText(change.edits[0]?.after ?? "")).toEqual({
      id: ours.id,
      name: OURS,
      description: ours.description,
      statements: [
        ...DEFINES,
        `admit group AG of tenancy AT to use keys in tenancy where any {target.key.id = '${keyId(2)}', target.key.id = '${KEY_ID}'}`,
        "allow group X to read keys in tenancy",
      ],
    });
    expect(change.edits[0]?.summary).toEqual([
      `adds ${KEY_ID} to statement 3, which lets the group ${GROUP} in`,
      "keeps 3 other statements of the policy as they are",
    ]);
    expect(policiesIn(change.after)).toEqual(["theirs", OURS]);
  });

  test("needs nothing where somebody else's policy admits it, nor where a deny keeps it out all the same", () => {
    expect(present(facts({ root: [policy("theirs", [...DEFINES, ADMIT])] }))).toBeNull();
    expect(present(facts({ root: [policy("theirs", [...DEFINES, ADMIT, `deny ${ADMIT}`])] }))).toBeNull();
  });

  test("is written where what is there only may admit it", () => {
    const maybe = `${ADMIT.replace("target.key.id", "all {target.key.id")}, request.user.name = 'x'}`;
    expect(written(present(facts({ root: [policy("theirs", [...DEFINES, maybe])] })))).toContain(ADMIT);
  });

  test("for several accessors", () => {
    const other = { cloud: "oci" as const, fields: { access_group: "ocid1.group.oc1..other", access_tenant: VENDOR } };
    const change = made(plan(facts(), { ...GRANT, accessors: [ACCESSOR, other] }, "present", FORM));
    expect(written(change)).toHaveLength(5);
    expect(plan(change.after, { ...GRANT, accessors: [other] }, "present", FORM)).toBeNull();
  });

  test("many keys become few statements", () => {
    let now = facts();
    for (let number = 0; number < 210; number++) now = present(about(number, now))?.after ?? now;
    expect(policiesIn(now)).toEqual([OURS]);
    const root = now.documents[0]?.body;
    expect(root?.known === true && parseRoot(root.value.text)?.policies[0]?.statements.length).toBe(2 + 5);
    for (const number of [0, 99, 209]) expect(answer(about(number, now)).answer).toBe("allowed");
    expect(answer(about(210, now)).answer).toBe("missing");
  });
});

describe("forms", () => {
  test.each<[GrantForm["scope"], string]>([
    ["key", ADMIT],
    ["compartment", `admit group AG of tenancy AT to use keys in compartment id ${DATA.id}`],
    ["tenancy", "admit group AG of tenancy AT to use keys in tenancy"],
  ])("the scope %s", (scope, statement) => {
    const change = made(present(facts(), { ...FORM, scope }));
    expect(written(change)).toEqual([...DEFINES, statement]);
    expect(answer(change.after).answer).toBe("allowed");
    expect(absent(change.after, { ...FORM, scope })?.edits[0]?.after).toBe("");
  });

  test("without the export", () => {
    const change = made(present(facts(), { ...FORM, noExport: true }));
    const [, , statement] = written(change);
    expect(statement).toBe(
      `admit group AG of tenancy AT to use keys in tenancy where all {target.key.id = '${KEY_ID}', request.permission != 'KEY_EXPORT'}`,
    );
    expect(answer(change.after).answer).toBe("allowed");
    // However it was written, it can be taken back.
    expect(absent(change.after)?.edits[0]?.after).toBe("");
  });

  test("the whole place without the export", () => {
    const change = made(present(facts(), { scope: "tenancy", noExport: true }));
    expect(written(change)[2]).toBe(
      "admit group AG of tenancy AT to use keys in tenancy where request.permission != 'KEY_EXPORT'",
    );
    expect(answer(change.after).answer).toBe("allowed");
  });
});

describe("a grant that is to go", () => {
  test("the last key takes the policy with it", () => {
    const ours = policy(OURS, [...DEFINES, ADMIT]);
    const change = made(absent(facts({ root: [ours] })));
    expect(change.edits[0]).toMatchObject({ revision: ours.etag, after: "" });
    expect(change.edits[0]?.summary).toEqual([
      "removes statement 3: nothing else was in it",
      `deletes the policy "${OURS}": nothing is left in it`,
    ]);
    expect(policiesIn(change.after)).toEqual([]);
    expect(absent(change.after)).toBeNull();
  });

  test("one of two leaves the other", () => {
    const first = made(present(facts()));
    const both = made(present(about(2, first.after)));
    const change = made(absent(about(1, both.after)));
    expect(written(change)).toEqual([...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
    expect(answer(about(2, change.after)).answer).toBe("allowed");
    expect(answer(about(1, change.after)).answer).toBe("missing");
  });

  test("nothing is taken out of others' policies", () => {
    expect(absent(facts({ root: [policy("theirs", [...DEFINES, ADMIT])] }))).toBeNull();
    expect(absent(facts({ root: [policy("keygrant-aiven-old", [...DEFINES, ADMIT])] }))).toBeNull();
    expect(absent(facts({ root: [policy("keygrant-other", [...DEFINES, ADMIT])] }))).toBeNull();
    expect(absent(facts({ data: [policy(OURS, [...DEFINES, ADMIT])] }))).toBeNull();
  });

  test.each([
    ["the whole tenancy", "admit group AG of tenancy AT to use keys in tenancy"],
    ["its compartment", `admit group AG of tenancy AT to use keys in compartment id ${DATA.id}`],
    ["a compartment by its path", "admit group AG of tenancy AT to use keys in compartment Prod:Data"],
  ])("a statement of ours about %s is not taken back for one key", async (_, statement) => {
    const what = facts({ root: [policy(OURS, [...DEFINES, statement])] });
    expect(await failureOf(() => absent(what))).toMatchObject({
      kind: "refused",
      code: "change.shared-statement",
      message: expect.stringContaining(`statement 3 of the policy "${OURS}" lets the vendor use other keys`),
    });
  });

  test("a statement about another compartment is none of it", () => {
    const statement = "admit group AG of tenancy AT to use keys in compartment id ocid1.compartment.oc1..elsewhere";
    expect(absent(facts({ root: [policy(OURS, [...DEFINES, statement])] }))).toBeNull();
  });
});

describe("another group in place of the old one", () => {
  const old = "ocid1.group.oc1..old";
  const before = [`define tenancy AT as ${VENDOR}`, `define group AG as ${old}`, ADMIT];

  test("goes out of our own statements, for this key", () => {
    const change = made(
      plan(facts({ root: [policy(OURS, before)] }), GRANT, "present", FORM, { replacePrincipals: [old] }),
    );
    expect(written(change)).toEqual([before[0], `define group AG2 as ${GROUP}`, ADMIT.replace("AG", "AG2")]);
    expect(answer(change.after).answer).toBe("allowed");
    const stale = { ...GRANT, accessors: [{ ...ACCESSOR, fields: { ...ACCESSOR.fields, access_group: old } }] };
    expect(judge(change.after, stale).actions[0]?.answer).toBe("missing");
  });

  test("cannot be the one that the vendor names", async () => {
    const what = facts({ root: [policy(OURS, [...DEFINES, ADMIT])] });
    const error = await failureOf(() => plan(what, GRANT, "present", FORM, { replacePrincipals: [GROUP] }));
    expect(error.code).toBe("change.replaces-itself");
  });

  test("stays where it is not ours", () => {
    const change = made(
      plan(facts({ root: [policy("theirs", before)] }), GRANT, "present", FORM, { replacePrincipals: [old] }),
    );
    expect(change.edits.map(({ title }) => title)).toEqual([`the policy "${OURS}" in the root compartment`]);
  });
});

describe("limits", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => `allow group g${index} to read keys in tenancy`);

  test("a full policy is followed by another one", () => {
    const change = made(present(facts({ root: [policy(OURS, many(49))] })));
    expect(change.edits.map(({ title }) => title)).toEqual(['the policy "keygrant-aiven-2" in the root compartment']);
    expect(policiesIn(change.after)).toEqual([OURS, "keygrant-aiven-2"]);
    // It is found again there.
    expect(made(absent(change.after)).edits[0]?.title).toContain("keygrant-aiven-2");
  });

  test("no more than 500 statements from the root to the key, said before anything is written", async () => {
    const around = { root: [policy("a", many(250)), policy("b", many(200))], data: [policy("c", many(48))] };
    expect(await failureOf(() => present(facts(around)))).toMatchObject({
      kind: "refused",
      code: "change.too-many-statements",
      message: expect.stringContaining("there would be 501 policy statements"),
    });
    const near = { ...around, data: [policy("c", many(40))] };
    expect(made(present(facts(near))).edits[0]?.summary.at(-1)).toBe(
      "there will be 493 of at most 500 statements between the root compartment and the key's",
    );
    // Taking out is never refused.
    const full = { ...around, root: [...around.root, policy(OURS, [...DEFINES, ADMIT])] };
    expect(made(absent(facts(full))).edits).toHaveLength(1);
  });

  test("a policy that is nearly full says so", () => {
    const change = made(present(facts({ root: [policy(OURS, many(44))] })));
    expect(change.edits[0]?.summary.at(-1)).toBe(
      "the policy will have 47 of some 50 statements; the next ones go into another policy",
    );
  });
});

test("nothing is planned on what was not seen", async () => {
  for (const want of ["present", "absent"] as const) {
    const error = await failureOf(() => plan(facts({ root: DENIED }), GRANT, want, FORM));
    expect(error).toMatchObject({ kind: "look", code: "look.denied" });
  }
});

test("present, then absent, is as it was before, for whichever keys and forms in whichever order", () => {
  const steps = fc.array(fc.record({ key: fc.integer({ min: 2, max: 6 }), noExport: fc.boolean() }), { maxLength: 8 });
  fc.assert(
    fc.property(steps, (list) => {
      let now = facts({ root: [policy("theirs", ["allow group Admins to manage keys in tenancy"])] });
      for (const { key, noExport } of list) now = present(about(key, now), { scope: "key", noExport })?.after ?? now;
      const granted = made(present(about(1, now)));
      expect(answer(granted.after).answer).toBe("allowed");
      const back = made(absent(granted.after));
      expect(answer(back.after).answer).toBe("missing");
      for (const { key } of list) expect(answer(about(key, back.after)).answer).toBe("allowed");
      expect(policiesIn(back.after)).toEqual(list.length === 0 ? ["theirs"] : ["theirs", OURS]);
    }),
    { numRuns: 100 },
  );
});
