import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { access } from "../../../src/clouds/gcp/access.ts";
import { plan } from "../../../src/clouds/gcp/plan.ts";
import { judgeGrant } from "../../../src/core/evidence.ts";
import { type ActionAccess, seen } from "../../../src/core/model.ts";
import {
  body,
  DENIED,
  type Documents,
  factsOf,
  GRANT,
  GROUP,
  grantTo,
  KEY,
  MEMBER,
  OPERATOR,
  type RawBinding,
  ROLE,
  roleDocument,
  USABLE_RSA,
} from "./fixture.ts";

const NOW = new Date("2026-11-21T10:00:00Z");
const OPTIONS = { now: NOW, warnBeforeMs: 30 * 86_400_000, withinWindow: false };
const VERSIONS = "cloudkms.cryptoKeyVersions";
const OURS: RawBinding = { role: ROLE, members: [MEMBER] };

const judge = (given: Documents) => access(factsOf(given), GRANT, NOW)[0];
const answers = (given: Documents) => judge(given)?.actions.map((one) => one.answer);
const codes = (given: Documents) => {
  const facts = factsOf(given);
  const level = judgeGrant({ kind: "judged", access: access(facts, GRANT, NOW) }, facts, OPTIONS);
  return level.findings.map((one) => one.code);
};
const only = <A extends ActionAccess["answer"]>(given: Documents, answer: A) => {
  const [first] = judge(given)?.actions ?? [];
  expect(first?.answer).toBe(answer);
  return first as Extract<ActionAccess, { answer: A }>;
};

describe("allowed", () => {
  test.each<[string, Documents]>([
    ["on the key", { key: body([OURS]) }],
    ["on the ring", { ring: body([OURS]) }],
    ["on the project", { project: body([OURS]) }],
    ["in other case", { key: body([{ role: ROLE, members: [`group:${GROUP.toUpperCase()}`] }]) }],
    ["by a wider role", { key: body([{ role: OPERATOR, members: [MEMBER] }]) }],
    ["as an owner of the project", { project: body([{ role: "roles/owner", members: [MEMBER] }]) }],
    [
      "by two roles",
      {
        key: body([{ role: "roles/cloudkms.cryptoKeyEncrypter", members: [MEMBER] }]),
        ring: body([{ role: "roles/cloudkms.cryptoKeyDecrypter", members: [MEMBER] }]),
      },
    ],
    ["as one of everybody", { key: body([{ role: ROLE, members: ["allUsers"] }]) }],
    ["as one of all who are known", { ring: body([{ role: ROLE, members: ["allAuthenticatedUsers"] }]) }],
    [
      "under a condition that holds",
      { key: body([{ ...OURS, condition: { title: "t", expression: `resource.name == "${KEY}"` } }]) },
    ],
    ["although the key's own policy was not seen", { key: DENIED, ring: body([OURS]) }],
    ["although others were not seen", { key: body([OURS]), ring: DENIED, project: DENIED }],
    [
      "by a role that was looked up",
      {
        key: body([{ role: "projects/demo/roles/mine", members: [MEMBER] }]),
        more: [roleDocument("projects/demo/roles/mine", [`${VERSIONS}.useToEncrypt`, `${VERSIONS}.useToDecrypt`])],
      },
    ],
    [
      "an unknown role beside it does not matter",
      { key: body([{ role: "projects/demo/roles/other", members: [MEMBER] }, OURS]) },
    ],
    [
      "RSA: a decrypter who may see public keys has what it takes",
      {
        description: USABLE_RSA,
        key: body([
          { role: "roles/cloudkms.cryptoKeyDecrypter", members: [MEMBER] },
          { role: "roles/cloudkms.publicKeyViewer", members: [MEMBER] },
        ]),
      },
    ],
  ])("%s", (_, given) => {
    expect(answers(given)).toEqual(["allowed", "allowed"]);
  });

  test("by its own name before everybody's", () => {
    const key = body([{ role: OPERATOR, members: ["allUsers"] }, OURS]);
    expect(only({ key }, "allowed").by).toBe(`binding of ${ROLE} in the IAM policy of the key`);
  });
});

describe("missing", () => {
  test.each<[string, Documents, string | null]>([
    ["nothing at all", {}, null],
    [
      "another role",
      { key: body([{ role: "roles/cloudkms.viewer", members: [MEMBER] }]) },
      `${MEMBER} has only roles/cloudkms.viewer`,
    ],
    ["an editor", { project: body([{ role: "roles/editor", members: [MEMBER] }]) }, "has only roles/editor"],
    [
      "the administrator, who may not use keys",
      { key: body([{ role: "roles/cloudkms.admin", members: [MEMBER] }]) },
      "has only roles/cloudkms.admin",
    ],
    [
      "another group",
      { key: body([{ role: ROLE, members: ["group:access.example.old@aiven.io", "group:zzz@aiven.io"] }]) },
      "grants group:access.example.old@aiven.io",
    ],
    ["a user of the same name", { key: body([{ role: ROLE, members: [`user:${GROUP}`] }]) }, `grants user:${GROUP}`],
    [
      "the group was deleted",
      { key: body([{ role: ROLE, members: [`deleted:${MEMBER}?uid=12`] }]) },
      "a group that was deleted",
    ],
    [
      "a condition that does not hold",
      {
        key: body([
          { ...OURS, condition: { title: "old", expression: 'request.time < timestamp("2020-01-01T00:00:00Z")' } },
        ]),
      },
      'grants it only where request.time < timestamp("2020-01-01T00:00:00Z")',
    ],
    [
      "a condition for another service",
      { project: body([{ ...OURS, condition: { expression: 'resource.service == "storage.googleapis.com"' } }]) },
      "(condition without a title)",
    ],
    ["the domain of somebody else", { key: body([{ role: ROLE, members: ["domain:example.com"] }]) }, null],
    [
      "a role that was looked up and has it not",
      {
        key: body([{ role: "projects/demo/roles/mine", members: [MEMBER] }]),
        more: [roleDocument("projects/demo/roles/mine", [])],
      },
      "has only projects/demo/roles/mine",
    ],
    [
      "a role that was deleted",
      {
        key: body([{ role: "projects/demo/roles/mine", members: [MEMBER] }]),
        more: [roleDocument("projects/demo/roles/mine", [`${VERSIONS}.useToEncrypt`], { deleted: true })],
      },
      "has only",
    ],
  ])("%s", (_, given, nearest) => {
    const answer = only(given, "missing");
    if (nearest === null) expect(answer.nearest).toBeNull();
    else expect(answer.nearest).toContain(nearest);
  });

  test("one of two permissions", () => {
    const key = body([{ role: "roles/cloudkms.cryptoKeyEncrypter", members: [MEMBER] }]);
    expect(answers({ key })).toEqual(["allowed", "missing"]);
    expect(codes({ key })).toEqual(["grant.partial"]);
  });

  test("RSA needs the public key too", () => {
    const key = body([{ role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", members: [MEMBER] }]);
    expect(answers({ key, description: USABLE_RSA })).toEqual(["allowed", "missing"]);
  });

  test("hierarchy and deny policies are said once", () => {
    const facts = factsOf({});
    const level = judgeGrant({ kind: "judged", access: access(facts, GRANT, NOW) }, facts, OPTIONS);
    expect(level.findings.map((one) => one.code)).toEqual(["grant.missing"]);
    expect(level.findings[0]?.detail.match(/deny policies/g)).toHaveLength(1);
  });
});

describe("not seen", () => {
  test.each<[string, Documents, string, string]>([
    ["the key's own", { key: DENIED }, "key-policy", "look.denied"],
    ["the ring's", { ring: DENIED }, "ring-policy", "grant.not-visible"],
    ["the project's", { project: DENIED }, "project-policy", "grant.not-visible"],
    ["a policy that is none", { key: seen({ text: "[]", revision: "x" }) }, "key-policy", "look.unsupported"],
  ])("%s", (_, given, document, code) => {
    const answer = only(given, "unseen");
    expect(answer.document).toBe(document);
    expect(codes(given)).toEqual([code]);
  });
});

describe("allowed for a time", () => {
  const until = (date: string) => ({
    ...OURS,
    condition: { title: "t", expression: `request.time < timestamp("${date}")` },
  });
  const ends = (given: Documents) => only(given, "allowed").until;

  test.each<[string, Documents, string | undefined]>([
    ["for ever", { key: body([OURS]) }, undefined],
    ["until a date", { key: body([until("2026-12-01T00:00:00Z")]) }, "2026-12-01T00:00:00Z"],
    [
      "until the later of two dates",
      { key: body([until("2026-12-01T00:00:00Z")]), ring: body([until("2027-12-01T00:00:00Z")]) },
      "2027-12-01T00:00:00Z",
    ],
    ["for ever at the project", { key: body([until("2026-12-01T00:00:00Z")]), project: body([OURS]) }, undefined],
  ])("%s", (_, given, end) => {
    expect(ends(given)).toBe(end);
  });

  test("is a warning when the date is near, and then no grant to build on", () => {
    const near = { key: body([until("2026-12-01T00:00:00Z")]) };
    expect(codes(near)).toEqual(["grant.expiring"]);
    expect(plan(factsOf(near), GRANT, "present", {}, NOW)?.edits[0]?.summary[0]).toContain("adds a binding");
    const far = { key: body([until("2027-12-01T00:00:00Z")]) };
    expect(codes(far)).toEqual([]);
    expect(plan(factsOf(far), GRANT, "present", {}, NOW)).toBeNull();
  });
});

describe("depends", () => {
  const custom = { role: "projects/demo/roles/mine", members: [MEMBER] };
  test.each<[string, Documents, string]>([
    [
      "a condition on the time of day",
      {
        key: body([{ ...OURS, condition: { title: "t", expression: 'request.time.getHours("UTC") < 18' } }]),
      },
      "request.time.getHours",
    ],
    ["a custom role", { key: body([custom]) }, "whether the role projects/demo/roles/mine has the permission"],
    [
      "a custom role that could not be seen",
      { key: body([custom]), more: [{ id: `role:${custom.role}`, title: "r", body: DENIED }] },
      "whether the role",
    ],
    [
      "a policy read at version 1",
      { key: body([{ role: `${ROLE}_withcond_0123456789abcdef0123`, members: [MEMBER] }]) },
      "a condition that was not shown",
    ],
    [
      "the vendor's whole domain",
      { key: body([{ role: ROLE, members: ["domain:AIVEN.io"] }]) },
      "belongs to the domain aiven.io",
    ],
    ["even when a policy was not seen", { key: body([custom]), project: DENIED }, "whether the role"],
  ])("%s", (_, given, on) => {
    expect(only(given, "depends").on.join()).toContain(on);
    expect(codes(given)).toContain("grant.conditional");
  });

  test("on a Key Access Justifications policy that takes only what Google does", () => {
    const justifications = (reasons: string[]) => ({
      id: "key-access-justifications",
      title: "j",
      body: seen({ text: JSON.stringify({ allowedAccessReasons: reasons }), revision: "x" }),
    });
    const given = { key: body([OURS]), more: [justifications(["GOOGLE_INITIATED_SYSTEM_OPERATION"])] };
    expect(only(given, "depends").by).toContain("Key Access Justifications");
    expect(answers({ ...given, more: [justifications(["CUSTOMER_INITIATED_ACCESS"])] })).toEqual([
      "allowed",
      "allowed",
    ]);
    expect(answers({ more: given.more })).toEqual(["missing", "missing"]);
  });
});

describe("remarks", () => {
  const remarks = (given: Documents) => judge(given)?.remarks.map(({ code, detail }) => `${code}: ${detail}`) ?? [];
  test.each<[string, Documents, string]>([
    [
      "everybody",
      { key: body([{ role: ROLE, members: ["allUsers"] }]) },
      "grant.too-broad: The binding of roles/cloudkms.cryptoKeyEncrypterDecrypter in the IAM policy of the key lets in everybody",
    ],
    [
      "everybody, by way of the project",
      { project: body([{ role: OPERATOR, members: ["allAuthenticatedUsers"] }]), key: body([OURS]) },
      "lets in everybody",
    ],
    [
      "power over the key",
      { key: body([OURS, { role: "roles/cloudkms.admin", members: [MEMBER] }]) },
      "do more than the vendor asks for: cloudkms.cryptoKeys.setIamPolicy",
    ],
    ["every key of the project", { project: body([OURS]) }, "use every key in the project"],
    [
      "an orphan",
      { key: body([OURS, { role: "roles/viewer", members: ["deleted:user:x@example.com?uid=1"] }]) },
      "grant.orphaned-principal: The binding of roles/viewer in the IAM policy of the key names deleted:user:x@example.com?uid=1",
    ],
    [
      "the vendor's own orphan on the ring",
      { key: body([OURS]), ring: body([{ role: ROLE, members: [`deleted:${MEMBER}?uid=1`] }]) },
      "in the IAM policy of the key ring",
    ],
  ])("%s", (_, given, words) => {
    expect(remarks(given).join("\n")).toContain(words);
  });

  test.each<[string, Documents]>([
    ["just what it takes", { key: body([OURS]) }],
    ["on the ring", { ring: body([OURS]) }],
    [
      "somebody else's orphan on the project",
      { key: body([OURS]), project: body([{ role: "roles/viewer", members: ["deleted:user:x@example.com?uid=1"] }]) },
    ],
    ["everybody may look", { key: body([OURS, { role: "roles/cloudkms.viewer", members: ["allUsers"] }]) }],
    [
      "everybody under a condition that does not hold",
      { key: body([OURS, { role: ROLE, members: ["allUsers"], condition: { expression: "false" } }]) },
    ],
  ])("none for %s", (_, given) => {
    expect(remarks(given)).toEqual([]);
  });

  test("an orphan is said once, not once for each principal", () => {
    const facts = factsOf({ key: body([{ role: "roles/viewer", members: ["deleted:user:x@e.com?uid=1"] }]) });
    const all = access(facts, grantTo("a@aiven.io", "b@aiven.io"), NOW).flatMap((one) => one.remarks);
    expect(all.map((one) => one.code)).toEqual(["grant.orphaned-principal"]);
  });
});

describe("planning", () => {
  const present = (given: Documents) => plan(factsOf(given), GRANT, "present", {}, NOW);
  test("adds to the key's own policy; afterwards the grant is there", () => {
    const change = present({ key: body([{ role: "roles/viewer", members: ["user:a@example.com"] }]) });
    expect(change?.edits).toMatchObject([{ document: "key-policy", revision: "BwWWja0YfJA=" }]);
    expect(change && access(change.after, GRANT, NOW)[0]?.actions.map((one) => one.answer)).toEqual([
      "allowed",
      "allowed",
    ]);
    expect(change && plan(change.after, GRANT, "present", {}, NOW)).toBeNull();
  });
  test.each<[string, Documents]>([
    ["granted on the key", { key: body([OURS]) }],
    ["granted on the ring", { ring: body([OURS]) }],
    ["granted on the project", { project: body([OURS]) }],
    ["granted by other roles", { key: body([{ role: OPERATOR, members: [MEMBER] }]) }],
    [
      "granted under a condition that holds",
      { key: body([{ ...OURS, condition: { expression: `resource.name == "${KEY}"` } }]) },
    ],
  ])("nothing to do: %s", (_, given) => {
    expect(present(given)).toBeNull();
  });
  test("that everybody may use the key is no grant to the vendor", () => {
    expect(present({ key: body([{ role: ROLE, members: ["allUsers"] }]) })?.edits[0]?.summary[0]).toContain(
      "adds group:",
    );
  });
  test("what the key is for decides the role", () => {
    expect(present({ description: USABLE_RSA })?.edits[0]?.after).toContain(OPERATOR);
  });
  test("taking it back leaves ring and project alone", () => {
    const facts = factsOf({ key: body([OURS]), ring: body([OURS]) });
    const change = plan(facts, GRANT, "absent", {}, NOW);
    expect(change?.edits.map((edit) => edit.document)).toEqual(["key-policy"]);
    expect(JSON.parse(change?.edits[0]?.after ?? "").bindings).toBeUndefined();
    expect(plan(factsOf({ ring: body([OURS]) }), GRANT, "absent", {}, NOW)).toBeNull();
  });
  test("a policy that was not seen is not planned on", () => {
    expect(() => present({ key: DENIED })).toThrow(expect.objectContaining({ code: "look.denied" }));
  });
});

test("order of bindings and of members does not matter", () => {
  const member = fc.constantFrom(
    MEMBER,
    "allUsers",
    "user:a@example.com",
    "domain:aiven.io",
    `deleted:${MEMBER}?uid=1`,
  );
  const binding = fc.record(
    {
      role: fc.constantFrom(
        ROLE,
        OPERATOR,
        "roles/cloudkms.viewer",
        "projects/p/roles/r",
        "roles/cloudkms.cryptoKeyDecrypter",
      ),
      members: fc.uniqueArray(member, { maxLength: 3 }),
      condition: fc.record({ expression: fc.constantFrom("true", "false", "x.y", `resource.name == "${KEY}"`) }),
    },
    { requiredKeys: ["role", "members"] },
  );
  fc.assert(
    fc.property(fc.array(binding, { maxLength: 5 }), (bindings) => {
      const reversed = [...bindings].reverse().map((one) => ({ ...one, members: [...one.members].reverse() }));
      expect(answers({ key: body(reversed) })).toEqual(answers({ key: body(bindings) }));
      // Where it stands does not matter either: allow policies add up.
      expect(answers({ project: body(bindings) })).toEqual(answers({ key: body(bindings) }));
    }),
  );
});
