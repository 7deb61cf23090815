import type { ProjectCoverage } from "../../src/core/coverage.ts";
import { type FindingCode, finding, type Level, lookFinding, type Outcome } from "../../src/core/findings.ts";
import { identityOf, type Transition } from "../../src/core/history.ts";
import { type KeyReport, type Phase, summarise } from "../../src/core/report.ts";
import { identityKey, type ReportInput } from "../../src/report/input.ts";

/** A fleet in every state there is, for looking at reports. Nothing in it is random: goldens and screenshots compare. */

export const STARTED_AT = "2026-11-20T09:59:18.204Z";
export const FINISHED_AT = "2026-11-20T10:00:00.000Z";

const NOW = Date.parse(FINISHED_AT);
const DAY = 24 * 60 * 60 * 1000;

export function daysAgo(days: number): string {
  return new Date(NOW - days * DAY).toISOString();
}

export function key(overrides: Partial<KeyReport> = {}): KeyReport {
  return {
    vendor: "aiven",
    project: "payments-prod",
    cmkId: "7d0f3d0e-3a55-4a43-9b7f-0d6f7b1c2a10",
    default: false,
    cloud: "aws",
    key: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    region: "eu-west-1",
    phase: "VALID",
    assurance: "policy",
    message: "The documents let the vendor in, and the key encrypts and decrypts.",
    since: daysAgo(61),
    stale: false,
    waiting: false,
    lastCheckedAt: "2026-11-20T09:59:44.000Z",
    lastValidAt: "2026-11-20T09:59:44.000Z",
    evidence: { key: "pass", grant: "pass", roundtrip: "pass", vendor: "unknown" },
    findings: [notAsked(overrides.key ?? "the key")],
    accepted: [],
    services: [],
    deletionAt: null,
    materialExpiresAt: null,
    muted: [],
    ...overrides,
  };
}

function notAsked(subject: string) {
  return finding("vendor.no-answer", { subject, detail: "The vendor was not asked to use the key in this run." });
}

export function transition(
  days: number,
  kind: Transition["kind"],
  to: Phase,
  more: Partial<Transition> = {},
): Transition {
  return { at: daysAgo(days), kind, from: null, to, message: "The documents let the vendor in.", code: null, ...more };
}

const PROJECTS = ["payments-prod", "payments-staging", "analytics", "identity-eu", "search"];
const GOOGLE = "projects/kms-prod-4711/locations/europe-west3/keyRings/vendor-shared/cryptoKeys";
const OCI = "ocid1.key.oc1.eu-frankfurt-1.bfpizfqyaacmg.abtheljtq3ybcvlp6ph5y4dkd3bkwfnx6ucbmjxbfm3z5y7cemwqqhxjwkra";

function services(...names: readonly string[]) {
  return names.map((name) => ({ name, status: "RUNNING" }));
}

function failing(): readonly Sketch[] {
  const disabled = "arn:aws:kms:eu-west-1:111122223333:key/5a3c1f0e-aa10-4e0b-8f44-0c2d7a9e1b01";
  const group = `${GOOGLE}/orders-kafka`;
  const pending = "arn:aws:kms:us-east-1:444455556666:key/mrk-0d7b2f9c4e1a4c0f8a6b5c3d2e1f0a9b";
  const principal = "arn:aws:iam::123456789012:role/aiven-cmk-payments-prod";
  return [
    {
      report: key({
        key: disabled,
        phase: "INVALID",
        assurance: null,
        message: "The key is disabled (Disabled).",
        since: daysAgo(0.12),
        lastValidAt: daysAgo(0.13),
        default: true,
        evidence: { key: "fail", grant: "pass", roundtrip: "fail", vendor: "unknown" },
        findings: [
          finding("key.disabled", { subject: disabled, detail: "The key is disabled (Disabled)." }),
          finding("roundtrip.failed", {
            subject: disabled,
            detail: "The cloud refused to use the key: DisabledException.",
          }),
          notAsked(disabled),
          finding("key.rotation-off", { subject: disabled, detail: "Automatic rotation of the key is off." }),
        ],
        services: [
          ...services("orders-pg", "orders-kafka", "ledger-pg", "ledger-opensearch", "fraud-flink", "payments-valkey"),
          { name: "payments-archive", status: "POWEROFF" },
        ],
      }),
      history: [
        transition(0.12, "phase", "INVALID", { from: "VALID", message: "The key is disabled (Disabled)." }),
        transition(21, "warning-appeared", "VALID", { from: "VALID", code: "key.rotation-off" }),
        transition(40, "phase", "VALID", { from: "INVALID" }),
        transition(41, "phase", "INVALID", { from: "VALID", message: `Nothing lets ${principal} in.` }),
        transition(90, "phase", "VALID", { from: "INITIALIZING" }),
      ],
    },
    {
      report: key({
        project: "identity-eu",
        cloud: "gcp",
        key: group,
        region: "europe-west3",
        phase: "INVALID",
        assurance: null,
        message: "Nothing lets group:project-a7c1@aiven.io in; the nearest miss: the binding of roles/cloudkms.viewer.",
        since: daysAgo(2.2),
        lastValidAt: daysAgo(2.21),
        evidence: { key: "pass", grant: "fail", roundtrip: "pass", vendor: "fail" },
        findings: [
          finding("grant.missing", {
            subject: "group:project-a7c1@aiven.io",
            detail:
              "Nothing lets group:project-a7c1@aiven.io in; the nearest miss: the binding of roles/cloudkms.viewer.",
          }),
          finding("vendor.refused", { subject: group, detail: "CMK access check failed: PERMISSION_DENIED." }),
        ],
        services: services("idp-pg", "idp-kafka"),
        muted: [{ code: null, reason: "the move to the new identity provider", until: "2026-12-01T00:00:00.000Z" }],
      }),
      history: [
        transition(2.2, "phase", "INVALID", { from: "VALID", message: "Nothing lets group:project-a7c1@aiven.io in." }),
        transition(9, "fresh", "VALID", { from: "VALID" }),
        transition(12, "stale", "VALID", { from: "VALID", message: "No answer came in time." }),
        transition(30, "phase", "VALID", { from: "INITIALIZING" }),
      ],
    },
    {
      report: key({
        project: "analytics",
        key: pending,
        region: "us-east-1",
        phase: "INVALID",
        assurance: null,
        message: "The key is scheduled for deletion on 2026-11-27T00:00:00Z.",
        deletionAt: "2026-11-27T00:00:00Z",
        since: daysAgo(1),
        lastValidAt: daysAgo(1),
        evidence: { key: "fail", grant: "pass", roundtrip: "unknown", vendor: "unknown" },
        findings: [
          finding("key.pending-deletion", {
            subject: pending,
            detail: "The key is scheduled for deletion on 2026-11-27T00:00:00Z.",
          }),
          finding("roundtrip.skipped", { subject: pending, detail: "The key cannot be used anyway." }),
          lookFinding("vendor", pending, {
            code: "look.denied",
            detail: "The vendor refused to list the services of the key.",
          }),
        ],
        services: null,
      }),
      history: [transition(1, "phase", "INVALID", { from: "VALID", message: "The key is scheduled for deletion." })],
    },
    {
      report: key({
        project: null,
        cmkId: null,
        default: null,
        cloud: "oci",
        key: OCI,
        region: "eu-frankfurt-1",
        phase: "INVALID",
        assurance: null,
        message: "The group aiven-cmk of the tenancy ocid1.tenancy.oc1..aaaa is not let in for KEY_DECRYPT.",
        since: daysAgo(200),
        lastValidAt: null,
        evidence: { key: "pass", grant: "fail", roundtrip: "unknown", vendor: "unknown" },
        findings: [
          finding("grant.partial", {
            subject: "aiven-cmk",
            detail: "The group aiven-cmk of the tenancy ocid1.tenancy.oc1..aaaa is not let in for KEY_DECRYPT.",
          }),
          finding("vendor.not-registered", { subject: OCI, detail: "The key is not registered with the vendor." }),
        ],
      }),
      history: [],
    },
  ];
}

function undetermined(): readonly Sketch[] {
  const stale = "arn:aws:kms:eu-central-1:777788889999:key/0f6b9a52-6f0d-4a5e-b1c3-7d2e4f8a9b10";
  const blocked = "arn:aws:kms:eu-central-1:777788889999:key/77c1d2e3-f405-4617-8a9b-acbdcedf0112";
  const never = `${GOOGLE}/search-index`;
  return [
    {
      report: key({
        project: "search",
        key: stale,
        region: "eu-central-1",
        stale: true,
        assurance: "vendor",
        since: daysAgo(140),
        lastValidAt: daysAgo(1.6),
        evidence: { key: "unknown", grant: "unknown", roundtrip: "unknown", vendor: "unknown" },
        findings: [
          lookFinding("key", stale, {
            code: "look.unreachable",
            detail: "kms.eu-central-1.amazonaws.com refused the connection.",
          }),
          lookFinding("grant", stale, {
            code: "look.unreachable",
            detail: "kms.eu-central-1.amazonaws.com refused the connection.",
          }),
          finding("roundtrip.skipped", { subject: stale, detail: "The key could not be looked at." }),
          notAsked(stale),
        ],
        services: services("search-opensearch", "search-pg"),
      }),
      history: [
        transition(0.6, "stale", "VALID", {
          from: "VALID",
          message: "kms.eu-central-1.amazonaws.com refused the connection.",
        }),
        transition(140, "phase", "VALID", { from: "INITIALIZING" }),
      ],
    },
    {
      report: key({
        project: "search",
        key: blocked,
        region: "eu-central-1",
        phase: "INVALID",
        assurance: null,
        stale: true,
        message: "The key policy's statement DenyOutsideOrg denies the vendor's role kms:Decrypt.",
        since: daysAgo(5),
        lastValidAt: daysAgo(5),
        evidence: { key: "unknown", grant: "unknown", roundtrip: "unknown", vendor: "unknown" },
        findings: [
          lookFinding("key", blocked, {
            code: "look.credentials",
            detail: "The security token included in the request is expired.",
          }),
          lookFinding("grant", blocked, {
            code: "look.credentials",
            detail: "The security token included in the request is expired.",
          }),
        ],
        services: services("vectors-pg"),
      }),
      history: [
        transition(5, "phase", "INVALID", {
          from: "VALID",
          message: "The statement DenyOutsideOrg denies the vendor.",
        }),
      ],
    },
    {
      report: key({
        project: "search",
        cloud: "gcp",
        key: never,
        region: "europe-west3",
        phase: "INITIALIZING",
        assurance: null,
        stale: true,
        waiting: true,
        message: "The grant was written a moment ago and is not to be seen everywhere yet.",
        since: daysAgo(0.002),
        lastValidAt: null,
        evidence: { key: "pass", grant: "unknown", roundtrip: "pass", vendor: "unknown" },
        findings: [
          finding("grant.propagating", {
            subject: "group:project-b@aiven.io",
            detail:
              "The grant for group:project-b@aiven.io was written a moment ago and is not to be seen everywhere yet.",
          }),
        ],
        services: [],
      }),
      history: [],
    },
    {
      report: key({
        project: "search",
        cloud: null,
        region: null,
        key: "vault.example.internal/transit/keys/search",
        phase: "INITIALIZING",
        assurance: null,
        message: "nothing concluded yet",
        evidence: { key: "unknown", grant: "unknown", roundtrip: "unknown", vendor: "unknown" },
        findings: [
          lookFinding("key", "vault.example.internal/transit/keys/search", {
            code: "look.unsupported",
            detail: "keygrant cannot look at vault.example.internal/transit/keys/search: it does not know its cloud.",
          }),
        ],
        since: null,
        lastValidAt: null,
      }),
      history: [],
    },
  ];
}

const WARNINGS: readonly (readonly [Exclude<FindingCode, `look.${string}`>, string])[] = [
  ["key.rotation-off", "Automatic rotation of the key is off."],
  ["key.material-expiring", "The imported key material expires on 2026-12-04T00:00:00Z."],
  ["grant.too-broad", "The statement AllowAll lets every principal of the account 111122223333 use the key."],
];

function valid(count: number): readonly Sketch[] {
  return [...Array(count).keys()].map((index) => {
    const project = PROJECTS[index % PROJECTS.length] ?? "analytics";
    const isGoogle = index % 3 === 1;
    const hex = (index * 2654435761).toString(16).padStart(12, "0").slice(-12);
    const id = isGoogle
      ? `${GOOGLE}/key-${index}`
      : `arn:aws:kms:eu-west-1:111122223333:key/9b1deb4d-3b7d-4bad-9bdd-${hex}`;
    const warning = index % 7 === 0 ? WARNINGS[(index / 7) % WARNINGS.length] : undefined;
    const isVouched = index % 4 === 2;
    return {
      report: key({
        project,
        cmkId: `00000000-0000-4000-8000-${hex}`,
        default: index < PROJECTS.length,
        cloud: isGoogle ? "gcp" : "aws",
        key: id,
        region: isGoogle ? "europe-west3" : "eu-west-1",
        assurance: isVouched ? "vendor" : "policy",
        evidence: { key: "pass", grant: "pass", roundtrip: "pass", vendor: isVouched ? "pass" : "unknown" },
        since: daysAgo(3 + index * 11),
        findings: [
          ...(isVouched ? [] : [notAsked(id)]),
          ...(warning === undefined ? [] : [finding(warning[0], { subject: id, detail: warning[1] })]),
        ],
        services: services(`${project}-pg-${index}`, ...(index % 2 === 0 ? [`${project}-kafka-${index}`] : [])),
      }),
      history: [transition(3 + index * 11, "phase", "VALID", { from: "INITIALIZING" })],
    };
  });
}

export interface Sketch {
  readonly report: KeyReport;
  readonly history: readonly Transition[];
}

export function inputOf(sketches: readonly Sketch[], more: Partial<ReportInput["report"]> = {}): ReportInput {
  const keys = sketches.map((one) => one.report);
  return {
    report: {
      schemaVersion: 1,
      checkedAt: STARTED_AT,
      keys,
      unlisted: [],
      coverage: null,
      summary: summarise(keys),
      ...more,
    },
    run: { startedAt: STARTED_AT, finishedAt: FINISHED_AT, lookFailures: {} },
    history: new Map(sketches.map((one) => [identityKey(identityOf(one.report)), one.history])),
    version: "0.1.0",
  };
}

export const COVERAGE: readonly ProjectCoverage[] = [
  { vendor: "aiven", project: "payments", hasDefault: true, services: 4, unprotected: [], failure: null },
  {
    vendor: "aiven",
    project: "analytics",
    hasDefault: false,
    services: 7,
    unprotected: [
      { name: "scratch-pg", cmkId: null },
      { name: "old-kafka", cmkId: "5d1d9b3e-0000-4000-8000-00000000dead" },
    ],
    failure: null,
  },
  {
    vendor: "aiven",
    project: "legacy-billing",
    hasDefault: null,
    services: null,
    unprotected: null,
    failure: {
      code: "look.denied",
      detail: "aiven refused to list the keys of legacy-billing: the token may not read this project.",
      fix: "Give the token the operator role in the project.",
    },
  },
];

/** Every state, in no order; 40 keys unless told otherwise. */
export function fleet(validKeys = 32): ReportInput {
  const input = inputOf([...valid(validKeys), ...undetermined(), ...failing()], {
    unlisted: [
      {
        vendor: "aiven",
        project: "legacy-billing",
        code: "look.denied",
        detail: "aiven refused to list the keys of legacy-billing: the token may not read this project.",
        fix: "Give the token the operator role in the project.",
      },
    ],
    coverage: COVERAGE,
  });
  return {
    ...input,
    run: { ...input.run, lookFailures: { "look.unreachable": 2, "look.credentials": 2, "look.denied": 2 } },
  };
}

/** Text that somebody else chose, to do harm in whatever it is put into. */
export const HOSTILE = [
  `</script><script>document.title="owned"</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  ["`$", "{alert(1)}`"].join(""),
  "]]><!-- --><?php ?>",
  "\u202Egnp.exe\u202C \u2066hidden\u2069",
  "\u0000\u0001\u001B[31mred\u009B0m\u0007\u007F",
  "line\r\nbreak\u0085and\u2028more\u2029",
  "lone \uD800 surrogate \uDC00",
  "noncharacter \uFFFE \uFFFF",
  "&lt;script&gt; &amp; &#x3c;",
  'a,b="c\\',
  "[a link](https://evil.example) {0} {{1}}",
  "../../etc/passwd?#%00",
];

/** One key with something hostile in each of its texts. */
export function hostileSketch(text: string): Sketch {
  const level: Level = "key";
  const outcome: Outcome = "fail";
  return {
    report: key({
      vendor: text,
      project: text,
      cmkId: text,
      region: text,
      key: text,
      message: text,
      phase: "INVALID",
      assurance: null,
      evidence: { key: "fail", grant: "unknown", roundtrip: "unknown", vendor: "unknown" },
      findings: [{ code: "key.disabled", level, outcome, subject: text, detail: text, fix: text }],
      services: [{ name: text, status: text }],
      muted: [{ code: null, reason: text, until: FINISHED_AT }],
    }),
    history: [transition(1, "phase", "INVALID", { from: "VALID", message: text, code: text })],
  };
}

export function hostileInput(texts: readonly string[] = HOSTILE): ReportInput {
  const input = inputOf(texts.map(hostileSketch), {
    unlisted: texts.map((text) => ({ vendor: text, project: text, code: text, detail: text, fix: text })),
    coverage: texts.map((text) => ({
      vendor: text,
      project: text,
      hasDefault: false,
      services: 1,
      unprotected: [{ name: text, cmkId: text }],
      failure: { code: text, detail: text, fix: text },
    })),
  });
  return { ...input, version: texts.join(" ") };
}
