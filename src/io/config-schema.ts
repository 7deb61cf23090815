import { z } from "zod";
import { DURATION_PATTERN, parseDuration } from "../core/duration.ts";
import { isCode } from "../core/findings.ts";
import { receiverFault } from "./receiver.ts";
import { REFERENCE_PATTERN } from "./secrets.ts";

/**
 * The schema of `keygrant.yaml`; `docs/keygrant.schema.json` and the table in `docs/configuration.md` are made from it.
 * Every message says what was expected, as a noun; `config.ts` puts in front of it where, and what was found.
 */

const DAY_MS = 86_400_000;
export const OUTPUT_FORMATS = ["text", "json", "jsonl", "junit", "sarif", "prometheus", "html"] as const;
export const NOTIFY_FORMATS = ["json", "slack"] as const;
const CLOUDS = ["aws", "gcp", "oci", "azure"] as const;

function text(expected: string, pattern: RegExp) {
  return z.string({ error: expected }).regex(pattern, { error: expected, abort: true });
}

function checked(expected: string, isRight: (value: string) => boolean) {
  return z.string({ error: expected }).refine(isRight, { error: expected, abort: true });
}

function duration(example: string, least: string, most: string) {
  const expected = `a duration from ${least} to ${most}, such as ${example}`;
  const [from, to] = [parseDuration(least) ?? 0, parseDuration(most) ?? DAY_MS];
  // Not the pattern alone: a timer of Node's that is set for longer than 24 days goes off at once.
  return text(expected, DURATION_PATTERN).refine(
    (value) => {
      const ms = parseDuration(value);
      return ms !== null && ms >= from && ms <= to;
    },
    { error: expected },
  );
}

function wholeNumber(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
}

function section<const Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    // Unknown keys are worded where their place is known.
    error: (issue) => (issue.code === "unrecognized_keys" ? undefined : "names with values below them"),
  });
}

function named<const Value extends z.ZodType>(expectedName: string, pattern: RegExp, value: Value) {
  return z.record(text(expectedName, pattern), value, {
    error: `names, each with what belongs to it: ${expectedName}`,
  });
}

const reference = text(
  "a reference: env:NAME (an environment variable) or file:/absolute/path. A secret does not belong into this file",
  REFERENCE_PATTERN,
);

/** No control and format characters. Spelt out: editors read a JSON schema's patterns without the flag that `\p` needs. */
const PRINTABLE =
  "[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]";
const name = new RegExp(`^${PRINTABLE}{1,200}$`);
const field = /^[a-z][a-z0-9_-]{0,63}$/;
const words = (expected: string, most: number) => text(expected, new RegExp(`^${PRINTABLE}{1,${most}}$`));

const fields = named("the vendor's name of a field, such as role_arn", field, words("text", 500));

const pins = z
  .partialRecord(z.enum(CLOUDS, { error: `a cloud: ${CLOUDS.join(", ")}` }), fields, {
    error: "clouds, each with fields and values",
  })
  .describe("The principals that the vendor may name, for each cloud; anything else is refused");

const project = section({
  accessors: pins.optional().describe("As above, for this project alone; a field here stands in for the vendor's"),
}).nullish();

const vendor = section({
  url: checked(
    "the https address of the vendor's API, without a user name, password or query (http for loopback alone)",
    isPlainAddress,
  )
    .optional()
    .describe("The origin of the vendor's API (default: the vendor's own)"),
  token: reference
    .optional()
    .describe("The vendor's token, by reference (default: where the vendor's own clients keep it)"),
  accessors: pins.optional(),
  projects: named("a project's name", name, project)
    .optional()
    .describe("The projects whose keys are validated when no --project is given"),
});

const ROLE = /^arn:(aws(-[a-z]+)*|\{partition\}):iam::(\d{12}|\{account\}):role\/[\w+=,.@/-]{1,512}$/;
const roleExpected = "the ARN of an IAM role, such as arn:aws:iam::{account}:role/keygrant-audit";

const aws = section({
  role: text(roleExpected, ROLE)
    .optional()
    .describe("The role to assume for the keys of an account; {account} and {partition} stand for the key's own"),
  accounts: named(
    "an AWS account id of 12 digits",
    /^\d{12}$/,
    text(`${roleExpected}, or none`, new RegExp(`${ROLE.source}|^none$`)),
  )
    .optional()
    .describe("Another role for single accounts; none: no role, your own credentials"),
});

const gcp = section({
  impersonate: text(
    "the email address of a service account",
    /^[a-z0-9-]{1,63}@([a-z0-9.:-]{1,100}\.)?gserviceaccount\.com$/,
  )
    .optional()
    .describe("The service account that makes the round trip, as --impersonate-service-account"),
});

const oci = section({
  profile: text("the name of a profile in the OCI configuration file", /^[\w.@ -]{1,100}$/)
    .optional()
    .describe("The profile of the OCI configuration file"),
});

const listedKey = section({
  key: words("a whole key reference", 1_024).describe("The whole reference: no alias, no bare id"),
  vendor: words("a vendor's id", 64).optional().describe("Default: the only one under vendors, else aiven"),
  project: text("a project's name", name).optional().describe("The vendor's project that the key belongs to"),
  accessor: fields
    .optional()
    .describe(
      "The principal that must have access, in the vendor's field names; default: the pins of project and vendor",
    ),
});

const target = section({
  url: z
    .string({ error: "an https address, or a reference to one" })
    .refine((value) => REFERENCE_PATTERN.test(value) || isPlainAddress(value), {
      error:
        "an https address without a user name, password or query (http for loopback alone), or a reference " +
        "(env:NAME, file:/path): an address that is a secret belongs behind a reference",
    })
    .describe("Where to POST: an https address, or a reference to one; format slack takes a reference alone"),
  secret: reference.optional().describe("What the messages are signed with (HMAC-SHA256), by reference"),
  format: z
    .enum(NOTIFY_FORMATS, { error: `one of ${NOTIFY_FORMATS.join(", ")}` })
    .optional()
    .describe("json (the default), or slack for what reads Slack's incoming webhooks"),
  timeout: duration("10s", "100ms", "60s").optional().describe("Of one delivery (default 10s)"),
});

const mute = section({
  code: checked("a finding's code (`keygrant explain` lists them)", isCode).optional().describe("A finding's code"),
  key: words("a key reference, * for any run of characters", 1_024)
    .optional()
    .describe("A key reference; * is any run of characters"),
  project: words("a project's name, * for any run of characters", 200)
    .optional()
    .describe("A project's name; * as above"),
  reason: words("why, in a line of at most 500 characters", 500).describe("Why; stands in reports"),
  until: text(
    "a date or moment in UTC, such as 2027-03-31 or 2027-03-31T12:00:00Z: a mute must end",
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/,
  )
    .refine(isRealTime, { error: "a date that is in the calendar, such as 2027-03-31" })
    .describe("The last day on which it counts, or a moment, in UTC"),
});

export const configSchema = section({
  version: z
    .literal(1, { error: "1: this keygrant knows no other version" })
    .optional()
    .describe("Of this file's form: 1"),
  vendors: named("a vendor's id", field, vendor).optional(),
  keys: z
    .array(listedKey, { error: "a list of keys" })
    .max(100_000, { error: "at most 100000 keys" })
    .optional()
    .describe("Keys to validate whether they are registered or not; one with an accessor needs no vendor token"),
  aws: aws.optional(),
  gcp: gcp.optional(),
  oci: oci.optional(),
  state: checked(
    "a path, a postgres:// address without a password, or a reference to one (env:NAME, file:/path)",
    isStatePlace,
  )
    .optional()
    .describe("Where keygrant remembers: a file, or a PostgreSQL address; with a password, by reference"),
  concurrency: wholeNumber(1, 1_000).optional().describe("How many keys are looked at at once, at most"),
  timeout: duration("30s", "100ms", "1h").optional().describe("Of one call"),
  deadline: duration("10m", "1s", "1d").optional().describe("Of the whole run"),
  maxShare: text("a share from 1% to 100%, such as 20%", /^([1-9]\d?(\.\d{1,3})?|100)%$/)
    .optional()
    .describe("How much of a published quota keygrant may use"),
  probeEvery: duration("24h", "0", "365d").optional().describe("How often the round trip is made for a key"),
  maxStale: duration("24h", "1m", "365d").optional().describe("How long a conclusion counts"),
  warnBefore: duration("30d", "0", "3650d").optional().describe("How long before a date the warning begins"),
  confirm: wholeNumber(1, 10).optional().describe("How many failures in a row make an alarm"),
  coverage: z
    .boolean({ error: "true or false" })
    .optional()
    .describe("Whether the services that no CMK, or an unlisted one, protects are listed too"),
  notify: named("the name of a receiver, such as ops", /^[A-Za-z0-9][\w.-]{0,63}$/, target)
    .optional()
    .describe("Who is told of transitions"),
  mutes: z.array(mute, { error: "a list of mutes" }).max(10_000, { error: "at most 10000 mutes" }).optional(),
  outputs: z
    .partialRecord(
      z.enum(OUTPUT_FORMATS, { error: `an output format: ${OUTPUT_FORMATS.join(", ")}` }),
      words("a file, or - for stdout", 4_096),
      { error: "formats, each with a file" },
    )
    .optional()
    .describe("What is written where, as --output format=file; - is stdout"),
});

export type RawConfig = z.infer<typeof configSchema>;

function isPlainAddress(value: string): boolean {
  return receiverFault(value) === null && !/[?#]/.test(value);
}

function isStatePlace(value: string): boolean {
  if (value === "" || value.length > 4_096) return false;
  if (/^(env|file):/.test(value)) return REFERENCE_PATTERN.test(value);
  const url = URL.parse(value);
  return url === null || (url.password === "" && !url.searchParams.has("password"));
}

function isRealTime(value: string): boolean {
  const day = value.slice(0, 10);
  const date = new Date(value);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
