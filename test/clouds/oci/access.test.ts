import { describe, expect, test } from "vitest";
import { access } from "../../../src/clouds/oci/access.ts";
import {
  ACCESSOR,
  ADMIT,
  answer,
  DATA,
  DEFINES,
  DENIED,
  facts,
  GRANT,
  GROUP,
  judge,
  KEY,
  KEY_ID,
  keyId,
  PROD,
  policy,
  TENANCY,
  VENDOR,
  withStatements,
} from "./helpers.ts";

const ELSE_GROUP = "ocid1.group.oc1..aaaaaaaasomebodyelse";
const ELSE_TENANCY = "ocid1.tenancy.oc1..aaaaaaaasomewhereelse";

/** What a policy of these statements, with the two defines before them, answers. */
function judged(...statements: readonly string[]) {
  return answer(withStatements(...DEFINES, ...statements));
}

describe("allowed", () => {
  test.each([
    ["as keygrant writes it", ADMIT],
    ["in the tenancy", "admit group AG of tenancy AT to use keys in tenancy"],
    ["by a higher verb", "admit group AG of tenancy AT to manage keys in tenancy"],
    ["by a family", "admit group AG of tenancy AT to use key-family in tenancy"],
    ["by everything", "admit group AG of tenancy AT to manage all-resources in tenancy"],
    ["by permissions", "admit group AG of tenancy AT to {KEY_ENCRYPT, KEY_DECRYPT} in tenancy"],
    ["in its compartment", `admit group AG of tenancy AT to use keys in compartment id ${DATA.id}`],
    ["in a compartment above it", `admit group AG of tenancy AT to use keys in compartment id ${PROD.id}`],
    ["in the root, as a compartment", `admit group AG of tenancy AT to use keys in compartment id ${TENANCY}`],
    ["by the path", "admit group AG of tenancy AT to use keys in compartment prod:DATA"],
    ["by the path to one above it", "admit group AG of tenancy AT to use keys in compartment Prod"],
    ["among others", "admit group Others, AG of tenancy AT to use keys in tenancy"],
    ["as anybody of its tenancy", "admit any-user of tenancy AT to use keys in tenancy"],
    ["as any group of its tenancy", "admit any-group of tenancy AT to use keys in tenancy"],
    ["as anybody at all", "admit any-user of any-tenancy to use keys in tenancy"],
    ["written oddly", `ADMIT  Group "AG" OF tenancy 'AT'\nto USE Keys IN Tenancy WHERE target.key.id="${KEY_ID}"`],
    ["for the region by code", "admit group AG of tenancy AT to use keys in tenancy where request.region = 'FRA'"],
    [
      "for one of several keys",
      `admit group AG of tenancy AT to use keys in tenancy where any {target.key.id = 'a', target.key.id = '${KEY_ID}'}`,
    ],
    [
      "without the export",
      `admit group AG of tenancy AT to use keys in tenancy where all {target.key.id = '${KEY_ID}', request.permission != 'KEY_EXPORT'}`,
    ],
  ])("%s", (_, statement) => {
    expect(judged(statement)).toMatchObject({ answer: "allowed", by: 'statement 3 of the policy "theirs"' });
  });

  test("whatever else stands there that is not about it", () => {
    const what = facts({
      root: [
        policy("theirs", [...DEFINES, ADMIT]),
        policy("other", [
          "allow group Admins to manage all-resources in tenancy",
          "deny group Interns to inspect all-resources in tenancy",
          "deny dynamic-group D to inspect keys in tenancy",
          "deny service objectstorage to use keys in tenancy",
          "deny admit any-user of tenancy Undefined to inspect all-resources in tenancy",
          "deny admit group Nobody of tenancy Undefined to inspect all-resources in tenancy",
          "endorse group Admins to manage all-resources in any-tenancy",
          "deny endorse any-user to manage all-resources in any-tenancy",
          "allow group Admins to do something that keygrant cannot read with keys",
          "something that nobody can read",
        ]),
      ],
      prod: [policy("p", ["admit group AG of tenancy AT to use", "allow any-user to manage keys in compartment Prod"])],
    });
    expect(answer(what)).toMatchObject({ answer: "allowed" });
  });

  test("one permission and not the other", () => {
    const { actions } = judge(withStatements(...DEFINES, "admit group AG of tenancy AT to {KEY_ENCRYPT} in tenancy"));
    expect(actions.map(({ action, answer: one }) => [action, one])).toEqual([
      ["KEY_ENCRYPT", "allowed"],
      ["KEY_DECRYPT", "missing"],
    ]);
  });

  test("each accessor has an answer of its own, in their order", () => {
    const other = { cloud: "oci" as const, fields: { access_group: ELSE_GROUP, access_tenant: VENDOR }, seat: "b" };
    const answers = access(withStatements(...DEFINES, ADMIT), { ...GRANT, accessors: [other, ACCESSOR] });
    expect(answers.map(({ principal, actions }) => [principal, actions[0]?.answer])).toEqual([
      [ELSE_GROUP, "missing"],
      [GROUP, "allowed"],
    ]);
  });
});

describe("denied", () => {
  test.each([
    ["by name", "deny admit group AG of tenancy AT to use keys in tenancy"],
    [
      "by a lower verb, which takes what is above it too",
      "deny admit group AG of tenancy AT to inspect keys in tenancy",
    ],
    ["as anybody of its tenancy", "deny admit any-user of tenancy AT to read all-resources in tenancy"],
    ["as anybody", "deny admit any-user of any-tenancy to use keys in tenancy"],
    ["for this key", `deny admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${KEY_ID}'`],
    ["for its compartment", `deny admit group AG of tenancy AT to use keys in compartment id ${PROD.id}`],
    [
      "for all but another region",
      "deny admit group AG of tenancy AT to use keys in tenancy where request.region != 'iad'",
    ],
  ])("%s, whatever admits it", (_, deny) => {
    expect(judged(ADMIT, deny)).toEqual({
      action: "KEY_ENCRYPT",
      answer: "denied",
      by: 'statement 4 of the policy "theirs"',
    });
  });

  test.each([
    ["managing them", "deny admit group AG of tenancy AT to manage keys in tenancy"],
    ["another group", "deny admit group Others of tenancy AT to use keys in tenancy"],
    ["another key", `deny admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${keyId(2)}'`],
    ["another region", "deny admit group AG of tenancy AT to use keys in tenancy where request.region = 'iad'"],
    ["another compartment", "deny admit group AG of tenancy AT to use keys in compartment id ocid1.compartment.oc1..x"],
    ["other things", "deny admit group AG of tenancy AT to inspect buckets in tenancy"],
    ["the export", "deny admit group AG of tenancy AT to {KEY_EXPORT} in tenancy"],
  ])("not when it is about %s", (_, deny) => {
    expect(judged(ADMIT, deny).answer).toBe("allowed");
  });
});

describe("depends", () => {
  test.each([
    [
      "what the request brings",
      `admit group AG of tenancy AT to use keys in tenancy where request.networkSource.name = 'corpnet'`,
      "request.networkSource.name = 'corpnet'",
    ],
    [
      "the time",
      "admit group AG of tenancy AT to use keys in tenancy where request.utc-timestamp before '2027-01-01T00:00:00Z'",
      "request.utc-timestamp before '2027-01-01T00:00:00Z'",
    ],
    [
      "a resource-type that keygrant does not know",
      "admit group AG of tenancy AT to use key-delegate in tenancy",
      'what "use key-delegate" holds',
    ],
    [
      "a group by its OCID",
      `admit group id ${GROUP} of tenancy AT to use keys in tenancy`,
      "whether a group by OCID counts in an admit, where Oracle's pages want an alias",
    ],
    [
      "a group by its OCID, without id",
      `admit group ${GROUP} of tenancy AT to use keys in tenancy`,
      "whether a group by OCID counts in an admit, where Oracle's pages want an alias",
    ],
    [
      "a tenancy by its OCID",
      `admit group AG of tenancy id ${VENDOR} to use keys in tenancy`,
      "whether a tenancy by OCID counts in an admit, where Oracle's pages want an alias",
    ],
    [
      "an alias in other letters",
      "admit group ag of tenancy AT to use keys in tenancy",
      "whether ag is the same as AG",
    ],
    ["a place that is not said", "admit group AG of tenancy AT to use keys", "which compartments it is about"],
    [
      "a compartment by its bare name",
      "admit group AG of tenancy AT to use keys in compartment Data",
      "which compartments it is about",
    ],
    ["a tenancy that is not said", "admit group AG to use keys in tenancy", "which tenancy it is about"],
    [
      "a statement that cannot be read",
      "admit group AG of tenancy AT to use keys in tenancy where any {target.key.id}}",
      "what it says, which keygrant cannot read",
    ],
  ])("on %s", (_, statement, on) => {
    const one = judged(statement);
    expect(one).toMatchObject({ answer: "depends", by: 'statement 3 of the policy "theirs"' });
    expect(one.answer === "depends" && one.on).toContain(on);
  });

  test.each([
    [
      "a deny that cannot be read",
      "deny admit group AG of tenancy AT to use keys in tenancy where",
      "what it says, which keygrant cannot read",
    ],
    [
      "something with a deny of keys in it",
      "please deny all-resources to all",
      "what it says, which keygrant cannot read",
    ],
    [
      "a deny in other words",
      "deny admit group AG of tenancy AT to encrypt keys in tenancy",
      'what "encrypt keys" holds',
    ],
    [
      "a deny of everybody in the own tenancy",
      "deny any-user to use keys in tenancy",
      "whether a deny that is not a deny admit keeps principals of other tenancies out",
    ],
    [
      "a deny of any group in the own tenancy",
      "deny any-group to inspect all-resources in tenancy",
      "whether a deny that is not a deny admit keeps principals of other tenancies out",
    ],
    [
      "a plain deny of the vendor's group",
      `deny group id ${GROUP} to use keys in tenancy`,
      "whether a deny that is not a deny admit keeps principals of other tenancies out",
    ],
    [
      "a plain deny of the vendor's alias",
      "deny group AG to use keys in tenancy",
      "whether a deny that is not a deny admit keeps principals of other tenancies out",
    ],
    [
      "a deny under a condition",
      "deny admit group AG of tenancy AT to use keys in tenancy where request.user.name = 'a'",
      "request.user.name = 'a'",
    ],
    [
      "a deny in a list of OCIDs",
      `deny admit group id ${ELSE_GROUP}, ${GROUP} of tenancy AT to use keys in tenancy`,
      "whether a group by OCID counts in an admit, where Oracle's pages want an alias",
    ],
    [
      "a deny that takes its tenancy from nowhere",
      "deny admit group AG to use keys in tenancy",
      "which tenancy the group is of, which the statement does not say",
    ],
  ])("an admit beside %s", (_, deny, on) => {
    const one = judged(ADMIT, deny);
    expect(one).toMatchObject({ answer: "depends", by: 'statement 4 of the policy "theirs"' });
    expect(one.answer === "depends" && one.on).toContain(on);
  });

  test("on whether a deny admit counts in a compartment", () => {
    const prod = [policy("p", [...DEFINES, "deny admit group AG of tenancy AT to use keys in compartment Prod"])];
    const one = answer(facts({ root: [policy("theirs", [...DEFINES, ADMIT])], prod }));
    expect(one).toEqual({
      action: "KEY_ENCRYPT",
      answer: "depends",
      on: ["whether a deny admit counts outside the root compartment"],
      by: 'statement 3 of the policy "p" in the compartment Prod',
    });
  });

  test.each(["CREATING", "INACTIVE", "DELETING"])("on a policy that is %s", (state) => {
    const one = answer(facts({ root: [policy("theirs", [...DEFINES, ADMIT], { state })] }));
    expect(one).toMatchObject({ answer: "depends", on: [`the policy's state, which is ${state}`] });
  });

  test("on which of two defines counts", () => {
    const one = answer(withStatements(...DEFINES, `define group AG as ${ELSE_GROUP}`, ADMIT));
    expect(one).toMatchObject({ answer: "depends", on: ["which of the defines of AG counts"] });
  });

  test("on a define that cannot be read", () => {
    const [tenancy = ""] = DEFINES;
    const one = answer(withStatements(tenancy, `define group AG as the ${GROUP}`, ADMIT));
    expect(one).toMatchObject({
      answer: "depends",
      on: ["a statement that keygrant cannot read, which may define AG"],
    });
  });

  test("on a deny, of which more may stand where nobody could look", () => {
    const doubt = "deny admit group AG of tenancy AT to use keys in tenancy where request.user.name = 'a'";
    const one = answer(facts({ root: [policy("theirs", [...DEFINES, ADMIT, doubt])], prod: DENIED }));
    expect(one).toMatchObject({
      answer: "depends",
      on: [
        "request.user.name = 'a'",
        "whether there is a deny in the policies of the compartment Prod: ListPolicies was refused.",
      ],
      by: 'statement 4 of the policy "theirs"',
    });
  });

  test("on the tenancy's own region", () => {
    const root = [policy("theirs", [...DEFINES, ADMIT])];
    expect(answer(facts({ root, regions: ["us-ashburn-1"] }))).toMatchObject({
      answer: "depends",
      on: ["the tenancy's subscription to the region eu-frankfurt-1, which is not there or not ready"],
    });
    expect(answer(facts({ root, regions: null })).answer).toBe("allowed");
  });
});

describe("unseen", () => {
  test("without the root's policies nothing is said", () => {
    expect(answer(facts({ root: DENIED }))).toMatchObject({
      answer: "unseen",
      document: "root",
      why: { code: "look.denied" },
    });
    expect(answer({ ...facts(), documents: [] }).answer).toBe("unseen");
    const strange = { id: "root", title: "", body: { known: true as const, value: { text: "[]", revision: "" } } };
    expect(answer({ ...facts(), documents: [strange] })).toMatchObject({
      answer: "unseen",
      why: { code: "look.unsupported" },
    });
  });

  test.each([
    ["a compartment's policies", { prod: DENIED }, `compartment:${PROD.id}`],
    ["one policy", { unread: [DENIED] }, "policy:ocid1.policy.oc1..hidden0"],
  ])("a deny may stand where nobody could look: %s", (_, hidden, document) => {
    const root = [policy("theirs", [...DEFINES, ADMIT])];
    expect(answer(facts({ root, ...hidden }))).toMatchObject({
      answer: "unseen",
      document,
      why: { code: "look.denied" },
    });
  });

  test("what denies it for certain does so whatever else there is", () => {
    const root = [policy("theirs", [...DEFINES, ADMIT, `deny ${ADMIT}`])];
    expect(answer(facts({ root, prod: DENIED })).answer).toBe("denied");
  });

  test("an admit may stand where nobody could look", () => {
    expect(answer(facts({ unread: [DENIED] }))).toMatchObject({
      answer: "unseen",
      document: "policy:ocid1.policy.oc1..hidden0",
      why: { ...DENIED, fix: expect.stringContaining("inspect policies in tenancy") },
    });
  });
});

describe("missing, and what comes nearest", () => {
  const [tenancy = "", group = ""] = DEFINES;
  const P = 'of the policy "theirs"';

  test.each<[string, readonly string[], string | null]>([
    ["nothing at all", [], null],
    ["nothing for it", ["allow group Admins to manage keys in tenancy"], null],
    [
      "another OCID behind the right alias",
      [tenancy, `define group AG as ${ELSE_GROUP}`, ADMIT],
      `statement 3 ${P}: its group AG is ${ELSE_GROUP}, not ${GROUP}`,
    ],
    [
      "another tenancy behind the right alias",
      [`define tenancy AT as ${ELSE_TENANCY}`, group, ADMIT],
      `statement 3 ${P}: its tenancy AT is ${ELSE_TENANCY}, not ${VENDOR}`,
    ],
    [
      "somebody else altogether",
      [`define tenancy AT as ${ELSE_TENANCY}`, `define group AG as ${ELSE_GROUP}`, ADMIT],
      null,
    ],
    [
      "another key",
      [...DEFINES, ADMIT.replace(KEY_ID, keyId(2))],
      `statement 3 ${P} is about ${keyId(2)}, not ${KEY_ID}`,
    ],
    [
      "other keys",
      [
        ...DEFINES,
        `admit group AG of tenancy AT to use keys in tenancy where any {${[2, 3, 4, 5].map((n) => `target.key.id = '${keyId(n)}'`).join(", ")}}`,
      ],
      `statement 3 ${P} is about ${keyId(2)}, ${keyId(3)}, ${keyId(4)} and others, not ${KEY_ID}`,
    ],
    [
      "another condition",
      [
        ...DEFINES,
        "admit group AG of tenancy AT to use keys in tenancy where all {request.region = 'iad', target.compartment.name = 'x'}",
      ],
      `statement 3 ${P} grants it only where request.region = 'iad' and target.compartment.name = 'x'`,
    ],
    [
      "another compartment",
      [...DEFINES, "admit group AG of tenancy AT to use keys in compartment Test:Data"],
      `statement 3 ${P} is about the compartment Test:Data, where the key is not`,
    ],
    [
      "too low a verb",
      [...DEFINES, "admit group AG of tenancy AT to read keys in tenancy"],
      `statement 3 ${P} grants only "read keys"`,
    ],
    [
      "another resource",
      [...DEFINES, "admit group AG of tenancy AT to use vaults in tenancy"],
      `statement 3 ${P} grants only "use vaults"`,
    ],
    [
      "the other permissions",
      [...DEFINES, "admit group AG of tenancy AT to {KEY_READ} in tenancy"],
      `statement 3 ${P} grants only "KEY_READ"`,
    ],
  ])("%s", (_, statements, nearest) => {
    expect(answer(withStatements(...statements))).toEqual({
      action: "KEY_ENCRYPT",
      answer: "missing",
      nearest,
      ineffective: null,
    });
  });

  test("a group of another realm", () => {
    const ref = { ...KEY, id: "ocid1.key.oc2.us-langley-1.v.u", region: "us-langley-1" };
    expect(answer(facts({ ref }))).toMatchObject({ nearest: `${GROUP} is in the realm oc1, the key in oc2` });
  });

  test("aliases named like parts of every object", () => {
    const statements = [`define tenancy __proto__ as ${VENDOR}`, `define group constructor as ${GROUP}`];
    const admit = "admit group constructor of tenancy __proto__ to use keys in tenancy";
    expect(answer(withStatements(...statements, admit)).answer).toBe("allowed");
    expect(answer(withStatements(admit)).answer).toBe("missing");
    expect(answer(withStatements(...DEFINES, "admit group toString of tenancy AT to use keys in tenancy")).answer).toBe(
      "missing",
    );
  });
});

describe("missing, and there without effect", () => {
  const [tenancy = "", group = ""] = DEFINES;
  const P = 'of the policy "theirs"';

  test.each<[string, readonly string[], string]>([
    [
      "no define group",
      [tenancy, ADMIT],
      `statement 2 ${P}: there is no "define group AG" before it in the same policy`,
    ],
    [
      "no define tenancy",
      [group, ADMIT],
      `statement 2 ${P}: there is no "define tenancy AT" before it in the same policy`,
    ],
    [
      "neither",
      [ADMIT],
      `statement 1 ${P}: there is no "define tenancy AT" before it in the same policy, and there is no "define group AG" before it in the same policy`,
    ],
    [
      "a define that comes after it",
      [tenancy, ADMIT, group],
      `statement 2 ${P}: "define group AG" stands after it instead of before`,
    ],
    [
      "an allow, which is for one's own people",
      [`allow group id ${GROUP} to use keys in tenancy`],
      `statement 1 ${P}: it is an allow, which lets nobody of another tenancy in; that takes an admit`,
    ],
  ])("%s", (_, statements, ineffective) => {
    expect(answer(withStatements(...statements))).toMatchObject({ answer: "missing", ineffective });
  });

  test("an admit outside the root compartment", () => {
    const data = [policy("theirs", [...DEFINES, ADMIT])];
    expect(answer(facts({ data }))).toMatchObject({
      answer: "missing",
      ineffective: `statement 3 ${P} in the compartment Prod:Data, which is not in the root compartment, where an admit belongs`,
    });
  });

  test("the defines are in another policy", () => {
    const root = [policy("defines", DEFINES), policy("theirs", [ADMIT])];
    expect(answer(facts({ root }))).toMatchObject({
      answer: "missing",
      ineffective: expect.stringContaining("in the same policy"),
    });
  });

  test.each([
    ["another key", [tenancy, ADMIT.replace(KEY_ID, keyId(2))]],
    ["another place", [tenancy, "admit group AG of tenancy AT to use keys in compartment Test"]],
    ["other things", [tenancy, "admit group AG of tenancy AT to use vaults in tenancy"]],
    ["another group", [tenancy, `define group AG as ${ELSE_GROUP}`, ADMIT]],
  ])("not what was meant for %s", (_, statements) => {
    expect(answer(withStatements(...statements))).toMatchObject({ answer: "missing", ineffective: null });
  });
});

describe("remarks", () => {
  test.each([
    [
      "a whole tenancy's people",
      "admit any-user of tenancy AT to use keys in tenancy",
      ["everybody in the tenancy", "every key of the tenancy"],
    ],
    [
      "everybody",
      `admit any-user of any-tenancy to use keys in tenancy where target.key.id = '${KEY_ID}'`,
      ["everybody in every tenancy"],
    ],
    ["every key of the tenancy", "admit group AG of tenancy AT to use keys in tenancy", ["every key of the tenancy"]],
    [
      "every key of a compartment",
      "admit group AG of tenancy AT to use keys in compartment Prod",
      ["every key in the compartment"],
    ],
    ["more than using", ADMIT.replace("use keys", "manage keys"), ["delete them too"]],
    ["more than keys", ADMIT.replace("use keys", "manage all-resources"), ["it is about all-resources"]],
    [
      "all keys but one",
      "admit group AG of tenancy AT to use keys in tenancy where target.key.id != 'x'",
      ["every key of the tenancy"],
    ],
  ])("too broad: %s", (_, statement, details) => {
    const { remarks } = judge(withStatements(...DEFINES, statement));
    expect(remarks).toHaveLength(1);
    expect(remarks[0]).toMatchObject({ code: "grant.too-broad", subject: 'the statement 3 of the policy "theirs"' });
    for (const detail of details) expect(remarks[0]?.detail).toContain(detail);
  });

  test("none for what the vendor asks for, nor for what does not let it in", () => {
    const narrow = [
      ADMIT,
      ADMIT.replace("use keys", "{KEY_ENCRYPT, KEY_DECRYPT}"),
      ADMIT.replace("tenancy where", "compartment Prod where"),
    ];
    for (const statement of narrow) expect(judge(withStatements(...DEFINES, statement)).remarks).toEqual([]);
    expect(
      judge(withStatements("admit any-user of tenancy Nobody to manage all-resources in tenancy")).remarks,
    ).toEqual([]);
    expect(judge(facts({ root: DENIED })).remarks).toEqual([]);
  });
});
