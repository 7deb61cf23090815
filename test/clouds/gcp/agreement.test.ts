import fc from "fast-check";
import { expect, test } from "vitest";
import { access } from "../../../src/clouds/gcp/access.ts";
import { isAllowed } from "../../../src/sandbox/gcp/enforce.ts";
import type { Binding, GcpWorld, StoredPolicy } from "../../../src/sandbox/gcp/world.ts";
import { holds, runs } from "../../property.ts";
import {
  body,
  factsOf,
  GRANT,
  GROUP,
  KEY,
  MEMBER,
  OPERATOR,
  type RawBinding,
  RING,
  ROLE,
  refOf,
  roleDocument,
  USABLE,
  USABLE_RSA,
} from "./fixture.ts";

/**
 * Two readings of the same rules, written apart, held against each other: what the judge says for all requests of the
 * vendor (allowed or missing) must hold for the concrete request that the sandbox decides. "depends" is always right,
 * so the last test counts how often it is used.
 */
const NOW = new Date("2026-11-21T10:00:00Z");
/** Before, between and after the dates of the conditions below. */
const LATER = ["2026-11-30T23:59:59Z", "2026-12-02T00:00:00Z", "2099-01-01T00:00:00Z", "2101-01-01T00:00:00Z"].map(
  (date) => new Date(date),
);
const WORKER = "serviceAccount:worker@vendor.iam.gserviceaccount.com";
const CUSTOM = "projects/demo/roles/mine";
const DECRYPT = "cloudkms.cryptoKeyVersions.useToDecrypt";

const members = fc.uniqueArray(
  fc.constantFrom(
    ...[MEMBER, `group:${GROUP.toUpperCase()}`, "group:other@aiven.io", `user:${GROUP}`, "domain:aiven.io"],
    ...["allUsers", "allAuthenticatedUsers", `deleted:${MEMBER}?uid=1`, "domain:example.com", "user:a@example.com"],
  ),
  { minLength: 1, maxLength: 3 },
);
const roles = fc.constantFrom(
  ...[ROLE, OPERATOR, "roles/cloudkms.cryptoKeyEncrypter", "roles/cloudkms.cryptoKeyDecrypter", "roles/owner"],
  ...[
    "roles/editor",
    "roles/viewer",
    "roles/cloudkms.admin",
    "roles/cloudkms.viewer",
    "roles/cloudkms.publicKeyViewer",
  ],
  ...["roles/iam.securityReviewer", CUSTOM],
);
const expressions = fc.constantFrom(
  ...["true", "false", `resource.name == "${KEY}"`, `resource.name.startsWith("${RING}/")`],
  ...['resource.type == "cloudkms.googleapis.com/CryptoKey"', 'resource.service == "storage.googleapis.com"'],
  ...['resource.name.extract("keyRings/{r}/") == "demo"', 'resource.matchTag("a", "b")'],
  ...['request.time < timestamp("2020-01-01T00:00:00Z")', 'request.time < timestamp("2100-01-01T00:00:00Z")'],
  ...['request.time >= timestamp("2100-01-01T00:00:00Z")', 'request.time < timestamp("2026-12-01T00:00:00Z")'],
  ...[
    `request.time < timestamp("2026-12-01T00:00:00Z") || resource.name == "${KEY}"`,
    '!(request.time >= timestamp("2026-12-01T00:00:00Z")) ? true : request.time < timestamp("2100-01-01T00:00:00Z")',
  ],
  ...[`resource.name == "${KEY}/cryptoKeyVersions/2"`, '!(resource.name.endsWith("/cryptoKeyVersions/13"))'],
  ...['request.time.getHours("UTC") < 12', '!(resource.name.endsWith("symmetric"))'],
  ...[
    `resource.name == "x" || request.time > timestamp("2020-01-01T00:00:00Z")`,
    '"x" in request.auth.access_levels || true',
  ],
);
const condition = expressions.map((expression) => ({ title: "t", expression }));
const binding: fc.Arbitrary<Binding> = fc
  .tuple(roles, members, fc.option(condition, { nil: undefined, freq: 2 }))
  .map(([role, who, when]) => ({ role, members: who, ...(when === undefined ? {} : { condition: when }) }));
const bindings = fc.array(binding, { maxLength: 3 });

interface Case {
  readonly key: readonly Binding[];
  readonly ring: readonly Binding[];
  readonly project: readonly Binding[];
  readonly isRsa: boolean;
  /** The version of an RSA key that the vendor uses. */
  readonly version: string;
  readonly custom: readonly string[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  key: bindings,
  ring: bindings,
  project: bindings,
  isRsa: fc.boolean(),
  version: fc.constantFrom("1", "2", "13"),
  custom: fc.subarray([DECRYPT, "cloudkms.cryptoKeyVersions.useToEncrypt", "cloudkms.cryptoKeys.get"]),
});

function judged({ key, ring, project, isRsa, custom }: Case) {
  const bodyOf = (list: readonly Binding[]) =>
    body(list.map(({ role, members, condition }): RawBinding => ({ role, members, ...(condition && { condition }) })));
  const documents = { key: bodyOf(key), ring: bodyOf(ring), project: bodyOf(project) };
  const more = [roleDocument(CUSTOM, custom)];
  const description = isRsa ? USABLE_RSA : USABLE;
  return access(factsOf({ ...documents, more, description, ref: refOf(KEY) }), GRANT, NOW)[0]?.actions ?? [];
}

function decided({ key, ring, project, isRsa, version, custom }: Case, permission: string, now = NOW): boolean {
  const policy = (list: readonly Binding[]): StoredPolicy => ({
    bindings: list,
    auditConfigs: [],
    etag: "BwX=",
    version: 3,
    history: [],
    reads: 0,
  });
  // Only what decides: the sandbox's own checks of what may be written are not at stake here.
  const world = {
    projects: [{ id: "demo", number: "1", policy: policy(project) }],
    keyRings: [{ name: RING, policy: policy(ring) }],
    keys: [{ name: KEY, policy: policy(key), deniedTo: [] }],
    groups: [{ email: GROUP, members: [WORKER] }],
    serviceAccounts: [],
    roles: [{ name: CUSTOM, title: "mine", includedPermissions: custom, etag: "BwX=" }],
    tokens: [],
  } as unknown as GcpWorld;
  const resource = isRsa ? `${KEY}/cryptoKeyVersions/${version}` : KEY;
  return isAllowed(world, {
    caller: { member: WORKER, late: false },
    permission,
    resource,
    now,
    propagationMs: 0,
  });
}

test("the judge and the sandbox agree", () => {
  holds(
    "gcp, policies of key, ring and project",
    cases,
    (given) => {
      for (const one of judged(given)) {
        if (one.answer === "missing") expect(decided(given, one.action)).toBe(false);
        if (one.answer !== "allowed") continue;
        const end = one.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(one.until);
        for (const time of [NOW, ...LATER]) {
          if (time.getTime() < end) expect(decided(given, one.action, time)).toBe(true);
        }
      }
    },
    { runs: runs(20_000) },
  );
}, 240_000);

const only = fc
  .tuple(binding, fc.boolean())
  .map(([one, isRsa]): Case => ({ key: [one], ring: [], project: [], isRsa, version: "1", custom: [] }));

test("what ends, ends on the date that was said", () => {
  holds(
    "gcp, one binding",
    only,
    (given) => {
      for (const one of judged(given)) {
        if (one.answer !== "allowed" || one.until === undefined) continue;
        expect(decided(given, one.action, new Date(Date.parse(one.until) + 1))).toBe(false);
      }
    },
    { runs: runs(2_000) },
  );
});

/** Tags and access levels are no part of the sandbox's requests: to it such a condition is void, and never differs. */
const differing = fc.constantFrom(
  ...['request.time.getHours("UTC") < 12', 'request.time.getHours("UTC") == 3'],
  ...[`resource.name == "${KEY}/cryptoKeyVersions/2"`, '!(resource.name.endsWith("/cryptoKeyVersions/13"))'],
  ...['resource.name.endsWith("/cryptoKeyVersions/1") || request.time.getHours("UTC") > 20'],
);

test("what depends on a condition is granted to some requests and not to others", () => {
  holds(
    "gcp, one condition",
    fc.tuple(differing, fc.constantFrom<"key" | "ring" | "project">("key", "ring", "project"), fc.boolean()),
    ([expression, where, isRsa]) => {
      const one: Binding = { role: OPERATOR, members: [MEMBER], condition: { title: "t", expression } };
      const given = { key: [], ring: [], project: [], isRsa, version: "1", custom: [], [where]: [one] };
      for (const { action, answer } of judged(given)) {
        if (answer !== "depends") continue;
        const hours = Array.from({ length: 24 }, (_, hour) => new Date(Date.UTC(2026, 10, 22, hour)));
        const seen = ["1", "2", "13"].flatMap((version) =>
          hours.map((hour) => decided({ ...given, version }, action, hour)),
        );
        expect(new Set(seen).size, `${expression} ${action}`).toBe(2);
      }
    },
    { runs: runs(500) },
  );
});

test("most answers are answers", () => {
  const counts = new Map<string, number>();
  for (const given of fc.sample(cases, 1_000)) {
    for (const { answer } of judged(given)) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  const sum = [...counts.values()].reduce((a, b) => a + b, 0);
  for (const answer of ["allowed", "missing"]) expect((counts.get(answer) ?? 0) / sum).toBeGreaterThan(0.15);
  expect((counts.get("depends") ?? 0) / sum).toBeLessThan(0.35);
});
