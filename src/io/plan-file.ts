import { z } from "zod";
import { nestsTooDeeply } from "../core/depth.ts";
import { usageError } from "../core/errors.ts";
import { PLANNING_COMMANDS, type ReviewedPlan, type VendorAct } from "../core/proposal.ts";
import { readBounded } from "./read.ts";

/** What a reviewer reads, and `keygrant apply` does: the command in words, and everything that it will change. */
export interface PlanFile {
  readonly schemaVersion: 1;
  readonly kind: "keygrant-plan";
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  /** What is to be done, as the command line says it: a key, and options written as `--name=value`. */
  readonly words: readonly string[];
  readonly plan: ReviewedPlan;
}

const text = z.string().max(65_536);
const id = text.min(1);

const act: z.ZodType<VendorAct> = z.discriminatedUnion("act", [
  z.strictObject({ act: z.literal("register"), resource: id, default: z.boolean() }),
  z.strictObject({ act: z.literal("set-default"), resource: id }),
  z.strictObject({ act: z.literal("move-service"), service: id, from: id, to: id }),
  z.strictObject({ act: z.literal("deregister"), cmkId: id }),
]);

export const planFileSchema: z.ZodType<PlanFile> = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal("keygrant-plan"),
  madeAt: z.iso.datetime(),
  words: z.array(id).min(1).max(1_000).describe("The command line that does it, without how anything is reached"),
  plan: z.strictObject({
    command: z.enum(PLANNING_COMMANDS),
    vendor: id,
    project: id.nullable(),
    key: id,
    way: z.enum(["in", "out"]).describe("Whether the accessors are let in or shut out"),
    accessors: z.array(
      z.strictObject({
        cloud: z.enum(["aws", "gcp", "oci", "azure"]),
        fields: z.record(z.string(), text),
        seat: id.exactOptional(),
      }),
    ),
    edits: z.array(
      z.strictObject({
        document: id,
        title: text,
        revision: text.describe("Of the document that the plan was made on"),
        before: z.string().describe("The document as it was"),
        after: z.string().describe("The document as it will be"),
        summary: z.array(text),
      }),
    ),
    acts: z.array(act).describe("What is done at the vendor, in order"),
    remarks: z.array(text),
  }),
});

/** The largest plan: a thousand documents as large as AWS takes them. */
const MAX_BYTES = 64 * 1024 * 1024;

export async function readPlanFile(path: string): Promise<PlanFile> {
  const read = await readBounded(path, MAX_BYTES);
  if (!read.ok) throw invalid(`The plan ${path} cannot be read: ${read.why}.`, read.cause);
  let json: unknown;
  try {
    json = JSON.parse(read.text);
  } catch (error) {
    throw invalid(`The plan ${path} is no JSON.`, error);
  }
  if (nestsTooDeeply(read.text)) throw invalid(`The plan ${path} nests too deeply.`);
  const parsed = planFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the file" : issue.path.join(".");
  throw invalid(`The plan ${path} is not what keygrant writes: ${where}: ${issue?.message ?? "not as expected"}.`);
}

export function invalid(message: string, cause?: unknown) {
  return usageError("plan.invalid", message, "Make a plan with `keygrant onboard <key> --plan-out FILE`.", cause);
}
