import { createHash } from "node:crypto";
import { z } from "zod";
import type { Finding, FindingCode } from "../core/findings.ts";
import { isCode } from "../core/findings.ts";
import type { KeyIdentity, KeyMemory, Transition } from "../core/history.ts";
import type { Message, SpooledMessage } from "../core/memory.ts";
import type { KeyReport, Summary } from "../core/report.ts";
import { standing } from "../core/report.ts";
import { plainText } from "../core/text.ts";
import { damaged, damagedKey } from "./failures.ts";

/**
 * Between what the port speaks of and the rows of a store. What comes out is checked: a row may be years old, or have
 * been touched by hand. Fields that are not known are left out. A change that these schemas do not take is a version of
 * its own (`migrations.ts`), which rewrites the rows of before and keeps older keygrants away.
 */

const time = z.iso.datetime();
const phase = z.enum(["INITIALIZING", "VALID", "INVALID"]);
const evidence = z.enum(["pass", "fail", "unknown"]);

const code = z.custom<FindingCode>((value) => typeof value === "string" && isCode(value));
/** A code that only another version knows is left out: the next look says in today's codes what is so. */
const codes = z.array(z.string()).transform((all): readonly FindingCode[] => all.filter(isCode));
const finding = z.object({
  code,
  level: z.enum(["key", "grant", "roundtrip", "vendor"]),
  outcome: z.enum(["fail", "unknown", "warn"]),
  subject: z.string(),
  detail: z.string(),
  fix: z.string(),
});
const findings = z
  .array(z.looseObject({ code: z.string() }))
  .transform((all): readonly unknown[] => all.filter((one) => isCode(one.code)))
  .pipe(z.array(finding)) satisfies z.ZodType<readonly Finding[]>;

const report: z.ZodType<KeyReport> = z.object({
  vendor: z.string(),
  project: z.string().nullable(),
  cmkId: z.string().nullable(),
  default: z.boolean().nullable(),
  cloud: z.enum(["aws", "gcp", "oci", "azure"]).nullable(),
  key: z.string(),
  region: z.string().nullable(),
  phase,
  assurance: z.enum(["vendor", "policy"]).nullable(),
  message: z.string(),
  since: time.nullable(),
  stale: z.boolean(),
  waiting: z.boolean(),
  lastCheckedAt: time,
  lastValidAt: time.nullable(),
  evidence: z.object({ key: evidence, grant: evidence, roundtrip: evidence, vendor: evidence }),
  findings,
  accepted: codes,
  services: z.array(z.object({ name: z.string(), status: z.string() })).nullable(),
  // What was remembered before there were these has none.
  deletionAt: time.nullable().default(null),
  materialExpiresAt: time.nullable().default(null),
  // Of the configuration of that day, and nothing to remember.
  muted: z
    .unknown()
    .optional()
    .transform((): KeyReport["muted"] => []),
});

const probe = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("pass") }),
  z.object({
    outcome: z.literal("fail"),
    code: z.enum(["roundtrip.mismatch", "roundtrip.failed"]),
    detail: z.string(),
  }),
  z.object({
    outcome: z.literal("unknown"),
    code: z.enum([
      "roundtrip.not-permitted",
      "roundtrip.skipped",
      "look.denied",
      "look.absent-or-denied",
      "look.credentials",
      "look.misconfigured",
      "look.throttled",
      "look.unreachable",
      "look.timeout",
      "look.unsupported",
    ]),
    detail: z.string(),
    fix: z.string().exactOptional(),
  }),
]);

const identitySchema: z.ZodType<KeyIdentity> = z.object({
  vendor: z.string(),
  project: z.string().nullable(),
  key: z.string(),
});

const memorySchema: z.ZodType<KeyMemory> = z.object({
  report,
  concludedAt: time.nullable(),
  doubts: z.int().nonnegative(),
  probe: z.object({ at: time, outcome: probe }).nullable(),
  warned: z.array(z.string()),
  told: z.array(z.enum(["stale", "accessor"])),
});

const transitionSchema: z.ZodType<Transition> = z.object({
  at: time,
  kind: z.enum(["phase", "cause", "warning-appeared", "warning-gone", "accessor", "vanished", "stale", "fresh"]),
  from: phase.nullable(),
  to: phase,
  message: z.string(),
  code: z.string().nullable(),
});

const messageSchema = z.object({ target: z.string(), body: z.string() });

/** As both databases give it back. */
export type Row = Readonly<Record<string, unknown>>;

export interface KeyRow {
  readonly id: string;
  readonly identity: string;
  readonly standing: number;
  readonly place: string;
  readonly memory: string;
}

/** The order of a report: worst first. */
const ORDER: readonly (keyof Summary)[] = ["INVALID", "undetermined", "INITIALIZING", "VALID"];

export function keyRow(id: KeyIdentity, memory: KeyMemory): KeyRow {
  return {
    id: keyId(id),
    identity: identityText(id),
    standing: ORDER.indexOf(standing(memory.report)),
    place: place(id),
    memory: JSON.stringify(memory),
  };
}

/** A text of bounded length for any identity. */
export function keyId(id: KeyIdentity): string {
  return createHash("sha256")
    .update(JSON.stringify([id.vendor, id.project, id.key]))
    .digest("hex");
}

export function identityText({ vendor, project, key }: KeyIdentity): string {
  return JSON.stringify({ vendor, project, key });
}

/**
 * Project, then key, then vendor, as one text that sorts byte by byte; keys without a project come first. It is cut,
 * because PostgreSQL's indexes hold some 2,700 bytes an entry.
 */
function place({ vendor, project, key }: KeyIdentity): string {
  return [escaped(project ?? "", 150), escaped(key, 400), escaped(vendor, 50)].join("\u0001");
}

/** As JSON writes it: text as people use it stays what it is, and nothing sorts below the mark between two parts. */
function escaped(text: string, max: number): string {
  return JSON.stringify(text).slice(1, -1).slice(0, max);
}

export interface Remembered {
  readonly id: KeyIdentity;
  readonly memory: KeyMemory;
}

export function readKey(where: string, row: Row): Remembered {
  const id = parsed(identitySchema, row["identity"]);
  if (!id.success) throw damaged(where, `the row "${row["id"]}" of keygrant_keys is broken`, id.error);
  const memory = parsed(memorySchema, row["memory"]);
  if (!memory.success) throw damagedKey(where, named(id.data), keyId(id.data), memory.error);
  return { id: id.data, memory: memory.data };
}

/**
 * How many transitions of a key are kept, the newest: a key that flaps every ten minutes for a week, or one that changes
 * once a month for eighty years. The cause of an outage is younger than that.
 */
export const HISTORY_KEPT = 1_000;

export interface TransitionRow {
  readonly at: string;
  readonly transition: string;
}

export function transitionRow(transition: Transition): TransitionRow {
  return { at: sortable(transition.at), transition: JSON.stringify(transition) };
}

export function readTransition(where: string, id: KeyIdentity, row: Row): Transition {
  const transition = parsed(transitionSchema, row["transition"]);
  if (!transition.success) throw damagedKey(where, named(id), keyId(id), transition.error);
  return transition.data;
}

export interface MessageRow {
  readonly at: string;
  readonly message: string;
}

export function messageRow({ at, target, body }: Message): MessageRow {
  return { at: sortable(at), message: JSON.stringify({ target, body }) };
}

/** The messages that were just taken, oldest first: no database promises the order of what an update returns. */
export function readMessages(where: string, rows: readonly Row[]): readonly SpooledMessage[] {
  const taken = rows.map((row) => ({ seq: Number(row["seq"]), message: readMessage(where, row) }));
  taken.sort((a, b) => compare(a.message.at, b.message.at) || a.seq - b.seq);
  return taken.map(({ message }) => message);
}

function readMessage(where: string, row: Row): SpooledMessage {
  const message = parsed(messageSchema, row["message"]);
  const id = String(row["id"]);
  if (!message.success) throw damaged(where, `the message "${id}" in keygrant_messages is broken`, message.error);
  // The row counts this taking too.
  return { id, at: String(row["at"]), ...message.data, attempts: Number(row["attempts"]) - 1 };
}

/** The one form of a time, so that times sort as text. Throws a RangeError for what is none. */
export function sortable(at: string | Date): string {
  return new Date(at).toISOString();
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function named({ key, project }: KeyIdentity): string {
  const name = plainText(key, 512);
  return project === null ? name : `${name} of project ${plainText(project, 100)}`;
}

function parsed<T>(schema: z.ZodType<T>, text: unknown): z.ZodSafeParseResult<T> {
  return schema.safeParse(json(text));
}

/** Undefined, which no schema takes, for what is no JSON. */
function json(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
