import { z } from "zod";
import { POLICY_FORMATS } from "../core/cloud.ts";
import type { ProjectCoverage } from "../core/coverage.ts";
import { CHECK_OUTCOMES, CHECKS, type DoctorReport, JOBS } from "../core/doctor.ts";
import { CODES, LEVELS } from "../core/findings.ts";
import type { KeyReport, OnboardReport, ValidateReport } from "../core/report.ts";
import { STEPS } from "../core/report.ts";
import type { RotateReport } from "../core/rotate/rotate.ts";
import { planFileSchema } from "../io/plan-file.ts";

/** The JSON that commands print. `docs/json.md` is made from these, and tests hold the commands against them. */

const time = z.iso.datetime().describe("ISO 8601, UTC");
const schemaVersion = z.literal(1);
const codes = CODES.map((entry) => entry.code);
const evidence = z.enum(["pass", "fail", "unknown"]);
const cloud = z.enum(["aws", "gcp", "oci", "azure"]);

export const findingSchema = z.strictObject({
  code: z.enum(codes).describe("Stable: match on this, never on prose"),
  level: z.enum(LEVELS),
  outcome: z.enum(["fail", "unknown", "warn"]),
  subject: z.string().describe("What it is about: a key, a principal, a project"),
  detail: z.string(),
  fix: z.string(),
});

export const keySchema: z.ZodType<KeyReport> = z.strictObject({
  vendor: z.string(),
  project: z.string().nullable().describe("Null when the key is not registered"),
  cmkId: z.string().nullable(),
  default: z.boolean().nullable(),
  cloud: cloud.nullable().describe("Null for a cloud that keygrant does not know"),
  key: z.string(),
  region: z.string().nullable(),
  phase: z.enum(["INITIALIZING", "VALID", "INVALID"]),
  assurance: z
    .enum(["vendor", "policy"])
    .nullable()
    .describe("vendor: the vendor is known to have used the key; policy: guardrails above the key were not seen"),
  message: z.string(),
  since: time.nullable().describe("Null without memory"),
  stale: z.boolean().describe("The last look concluded nothing: the phase is what it was before"),
  waiting: z.boolean().describe("It concluded nothing, and every reason goes away by waiting"),
  lastCheckedAt: time,
  lastValidAt: time.nullable().describe("Null without memory"),
  evidence: z.strictObject({ key: evidence, grant: evidence, roundtrip: evidence, vendor: evidence }),
  findings: z.array(findingSchema),
  accepted: z.array(z.enum(codes)).describe("Unknowns that --accept took as good, and that were needed"),
  services: z
    .array(z.strictObject({ name: z.string(), status: z.string() }))
    .nullable()
    .describe("Null when they could not be read"),
  deletionAt: time.nullable().describe("When the key, or something that it needs, will be destroyed"),
  materialExpiresAt: time.nullable().describe("When its imported material expires"),
  muted: z
    .array(
      z.strictObject({
        code: z.enum(codes).nullable().describe("A code that was found; null: whatever is found"),
        reason: z.string(),
        until: time,
      }),
    )
    .describe("What no receiver is told of, by the configuration; phase, summary and exit code are what they are"),
});

const count = z.int().nonnegative();

const coverageSchema: z.ZodType<ProjectCoverage> = z.strictObject({
  vendor: z.string(),
  project: z.string(),
  hasDefault: z.boolean().nullable().describe("Whether new services get a CMK by themselves; null: could not be read"),
  services: count.nullable().describe("How many the project has; null: could not be read"),
  unprotected: z
    .array(
      z.strictObject({
        name: z.string(),
        cmkId: z.string().nullable().describe("Null: no CMK; else one that is not listed in the project"),
      }),
    )
    .nullable()
    .describe("The services that no CMK, or an unlisted one, protects; null: could not be read"),
  failure: z
    .strictObject({ code: z.string(), detail: z.string(), fix: z.string() })
    .nullable()
    .describe("Why something could not be read"),
});

export const validateSchema: z.ZodType<ValidateReport> = z.strictObject({
  schemaVersion,
  checkedAt: time,
  keys: z.array(keySchema),
  unlisted: z
    .array(
      z.strictObject({
        vendor: z.string(),
        project: z.string(),
        code: z.string(),
        detail: z.string(),
        fix: z.string(),
      }),
    )
    .describe("Projects whose keys could not be listed, so that nothing can be said of them"),
  coverage: z.array(coverageSchema).nullable().describe("A project each; null without --coverage"),
  summary: z
    .strictObject({ VALID: count, INVALID: count, INITIALIZING: count, undetermined: count })
    .describe("Every key once; a stale one is undetermined"),
});

export const stepSchema = z.strictObject({
  step: z.enum(STEPS),
  outcome: z.enum(["done", "unchanged", "skipped", "failed", "waiting"]),
  detail: z.string(),
  ms: z.number().nonnegative(),
});

const changeSchema = z
  .strictObject({
    before: z.string().describe("The documents as text; several are separated by an empty line"),
    after: z.string(),
    backup: z.string().nullable().describe("Where the documents of before were saved"),
    caller: z.string().nullable(),
    requestIds: z.array(z.string()),
  })
  .nullable()
  .describe("Null when nothing was written");

export const onboardSchema: z.ZodType<OnboardReport> = z.strictObject({
  schemaVersion,
  steps: z.array(stepSchema),
  change: changeSchema,
  key: keySchema,
  registration: z.strictObject({ cmkId: z.string(), created: z.boolean(), default: z.boolean() }).nullable(),
});

const accessor = z.strictObject({ cloud, fields: z.record(z.string(), z.string()), seat: z.string().optional() });
const services = z.array(z.strictObject({ name: z.string(), status: z.string() }));

export const revokeSchema = z.strictObject({
  schemaVersion,
  outcome: z.enum(["revoked", "unchanged", "planned"]),
  vendor: z.string(),
  projects: z.array(z.string()),
  cloud,
  key: z.string(),
  region: z.string().nullable(),
  accessors: z.array(accessor).describe("Who was shut out"),
  change: changeSchema,
  proof: z
    .enum(["shut-out", "let-in", "unknown", "not-made"])
    .describe("let-in: something else lets the vendor in; unknown: that could not be told"),
  stillIn: z.array(
    z.strictObject({
      principal: z.string(),
      key: z.string().describe("The key, or its replica"),
      actions: z.array(z.string()),
      how: z.enum(["allowed", "depends", "unseen"]),
      by: z.string(),
    }),
  ),
  next: z.string().nullable().describe("What to do; null where nothing is left to do"),
  vendorSays: z.array(
    z.strictObject({
      project: z.string(),
      cmkId: z.string(),
      answer: z.enum(["usable", "refused", "pending", "no-answer"]),
      detail: z.string(),
    }),
  ),
  dependents: z.array(
    z.strictObject({
      project: z.string(),
      cmkId: z.string(),
      services: services.nullable().describe("Null when they could not be read"),
    }),
  ),
});

export const accessorsSchema = z.strictObject({
  schemaVersion,
  accessors: z.array(
    z.strictObject({
      vendor: z.string(),
      project: z.string(),
      cloud,
      accessors: z.array(
        z.strictObject({ cloud, fields: z.record(z.string(), z.string()), seat: z.string().optional() }),
      ),
    }),
  ),
});

export const policyTextSchema = z.strictObject({
  schemaVersion,
  vendor: z.string(),
  cloud,
  format: z.enum(POLICY_FORMATS),
  source: z.strictObject({ page: z.url(), checked: z.iso.date() }),
  text: z.string().describe("What --output text prints"),
});

export const policyAllSchema = z.strictObject({
  schemaVersion,
  folder: z.string(),
  files: z.array(z.strictObject({ path: z.string(), cloud, kind: z.string(), format: z.enum(POLICY_FORMATS) })),
});

export const policyCheckSchema = z.strictObject({
  schemaVersion,
  file: z.string(),
  vendor: z.string(),
  cloud,
  kinds: z.array(z.string()),
  source: z.strictObject({ page: z.url(), checked: z.iso.date() }),
});

export const doctorSchema: z.ZodType<DoctorReport> = z.strictObject({
  schemaVersion,
  checkedAt: time,
  key: z.string().nullable().describe("Null: what depends on a key was not asked"),
  checks: z.array(
    z.strictObject({
      about: z.string().describe("The vendor or the cloud"),
      check: z.enum(CHECKS),
      subject: z.string().describe("A permission in the cloud's own words, an endpoint, a token"),
      jobs: z.array(z.enum(JOBS)).describe("Which jobs need it; empty: all of them"),
      outcome: z.enum(CHECK_OUTCOMES).describe("skipped: not asked, and nothing depends on it here"),
      detail: z.string(),
      fix: z.string().nullable(),
    }),
  ),
  summary: z.strictObject({ pass: count, fail: count, unknown: count, skipped: count }),
});

export const undoSchema = z.strictObject({
  schemaVersion,
  undoes: z.string().describe("The backup whose write was undone"),
  wanted: z.enum(["present", "absent"]).describe("What that write wanted of the grant"),
  outcome: z.enum(["undone", "unchanged", "planned"]),
  vendor: z.string(),
  projects: z.array(z.string()),
  cloud,
  key: z.string(),
  accessors: z.array(accessor),
  change: changeSchema,
  letIn: z.enum(["yes", "no", "unknown"]).nullable().describe("By the documents that were read; null when planned"),
  next: z.string().nullable().describe("What to do; null where nothing is left to do"),
});

export const rotateSchema: z.ZodType<RotateReport> = z.strictObject({
  schemaVersion,
  outcome: z
    .enum(["rotated", "unchanged", "planned", "stopped"])
    .describe("stopped: something is left to be done, and every service has a key that works"),
  vendor: z.string(),
  project: z.string(),
  old: z.strictObject({ cmkId: z.string(), key: z.string() }),
  new: z.strictObject({ cmkId: z.string().nullable(), key: z.string() }),
  onboard: onboardSchema.describe("What onboard says of the new key"),
  services: z.array(
    z.strictObject({
      name: z.string(),
      outcome: z.enum(["moved", "unchanged", "left", "stuck", "failed", "not-reached"]),
      detail: z.string(),
    }),
  ),
  isDefault: z
    .literal(true)
    .nullable()
    .describe("The new key is the default now; null: the old one was not, or a finding says why that is not known"),
  deregistered: z.boolean().describe("Whether the old key is"),
  findings: z
    .array(findingSchema)
    .describe("Why it stopped, at the vendor: what could not be looked at or told, and what a service does"),
  message: z.string(),
});

const cmkSchema = z.strictObject({
  vendor: z.string(),
  project: z.string(),
  cmkId: z.string(),
  cloud: cloud.nullable().describe("Null for a cloud that keygrant does not know"),
  key: z.string(),
  default: z.boolean(),
  status: z.enum(["current", "old", "deleted", "unknown"]),
  createdAt: z.string().nullable(),
  updatedAt: z.string().nullable(),
  services: z
    .array(z.strictObject({ name: z.string(), status: z.string() }))
    .nullable()
    .describe("Null when they could not be read"),
  unread: z
    .strictObject({ code: z.enum(codes), detail: z.string(), fix: z.string() })
    .nullable()
    .describe("Why they could not be read"),
  phase: z.enum(["INITIALIZING", "VALID", "INVALID"]).nullable().describe("As remembered; null when never validated"),
  stale: z.boolean().nullable(),
  lastCheckedAt: time.nullable(),
});
export const cmkListSchema = z.strictObject({ schemaVersion, cmks: z.array(cmkSchema) });
export const cmkOneSchema = z.strictObject({ schemaVersion, cmk: cmkSchema, changed: z.boolean() });
export const cmkMoveSchema = z.strictObject({
  schemaVersion,
  project: z.string(),
  service: z.string(),
  cmkId: z.string().nullable().describe("Null: under no CMK"),
  changed: z.boolean(),
});

const codeFields = {
  code: z.enum(codes),
  level: z.enum(LEVELS).nullable().describe("Null: the level of whatever could not be looked at"),
  outcome: z.enum(["fail", "unknown", "warn"]),
  means: z.string(),
  found: z.string(),
  fix: z.string(),
  who: z.string(),
};

export const explainSchema = z.strictObject({ schemaVersion, ...codeFields });
export const explainAllSchema = z.strictObject({ schemaVersion, codes: z.array(z.strictObject(codeFields)) });

export const errorSchema = z.strictObject({
  schemaVersion,
  error: z.strictObject({ code: z.string(), message: z.string(), fix: z.string() }),
});

export const sandboxKeysSchema = z.strictObject({
  schemaVersion,
  keys: z.array(
    z.strictObject({
      cloud,
      name: z.string(),
      id: z.string(),
      wrong: z.string().nullable(),
      code: z.string().nullable(),
      exit: z.int(),
    }),
  ),
});

const variables = z.record(z.string(), z.string());

export const sandboxStartSchema = z.strictObject({
  schemaVersion,
  origin: z.url(),
  env: variables.describe("What a child process needs to use it; the credentials are worthless"),
});
export const sandboxResetSchema = z.strictObject({ schemaVersion, reset: z.string().describe("The folder") });
export const sandboxProjectSchema = z.strictObject({ schemaVersion, project: z.string(), cloud, accessor: variables });

/** Every document by the command that prints it, in the order of the page. */
export const DOCUMENTS = {
  "keygrant onboard": onboardSchema,
  "keygrant validate": validateSchema,
  "keygrant rotate": rotateSchema,
  "keygrant revoke": revokeSchema,
  "keygrant undo": undoSchema,
  "keygrant policy": policyTextSchema,
  "keygrant policy --all": policyAllSchema,
  "keygrant policy check": policyCheckSchema,
  "keygrant cmk list": cmkListSchema,
  "keygrant cmk get": cmkOneSchema,
  "keygrant cmk services": cmkOneSchema,
  "keygrant cmk register": cmkOneSchema,
  "keygrant cmk set-default": cmkOneSchema,
  "keygrant cmk delete": cmkOneSchema,
  "keygrant cmk attach": cmkMoveSchema,
  "keygrant cmk detach": cmkMoveSchema,
  "keygrant accessors": accessorsSchema,
  "keygrant doctor": doctorSchema,
  "keygrant explain <code>": explainSchema,
  "keygrant explain": explainAllSchema,
  "keygrant sandbox keys": sandboxKeysSchema,
  "keygrant sandbox start": sandboxStartSchema,
  "keygrant sandbox reset": sandboxResetSchema,
  "keygrant sandbox project": sandboxProjectSchema,
  "any command that could not do its work": errorSchema,
  "--plan-out, into the file (`keygrant apply` prints what the command of the plan does)": planFileSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;
