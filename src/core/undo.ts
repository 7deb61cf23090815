import { type AssessOptions, judgeNow } from "./assess.ts";
import { describe } from "./describe.ts";
import { LookError, refusal } from "./errors.ts";
import { judgeGrant } from "./evidence.ts";
import type { Backup } from "./memory.ts";
import type { Access, Accessor, Change, Grant, KeyFacts } from "./model.ts";
import { notAgreed, type Proposal } from "./proposal.ts";
import type { ChangeReport, RevokeReport } from "./report.ts";
import { inspectSettled, namedFor, type RevokeDeps, type RevokeOptions, takeBackFrom } from "./revoke.ts";
import { writeChange } from "./write.ts";

export interface UndoReport {
  readonly schemaVersion: 1;
  /** The backup whose write was undone. */
  readonly undoes: string;
  /** What that write wanted of the grant. */
  readonly wanted: Backup["want"];
  readonly outcome: "undone" | "unchanged" | "planned";
  readonly vendor: string;
  readonly projects: readonly string[];
  readonly cloud: string;
  readonly key: string;
  readonly accessors: readonly Accessor[];
  readonly change: ChangeReport | null;
  /** Whether the principals are let in now, by the documents that were read; null where nothing was written. */
  readonly letIn: "yes" | "no" | "unknown" | null;
  /** What to do; null where it is as it was meant. */
  readonly next: string | null;
}

/**
 * Undoes one write: its inverse, applied to the documents as they are now. An old document is never put back over a newer
 * one, and what a backup says is only ever whose grant it was: who gets in is what the vendor names today.
 */
export async function undo(backup: Backup, options: RevokeOptions, deps: RevokeDeps): Promise<UndoReport> {
  if (backup.accessors.length === 0) {
    throw refusal(
      "undo.nobody",
      `Nothing was written: ${backup.path} does not say whom that write was about.`,
      "It is of an older keygrant: use `keygrant revoke` or `keygrant onboard`.",
    );
  }
  if (backup.want === "absent") return letInAgain(backup, options, deps);
  refuseOlderGrant(backup);
  const { accessors, key } = backup;
  const report = await takeBackFrom({ key, command: "undo", accessors, remarks: [] }, options, deps);
  return asUndone(backup, report);
}

/** What stood there before that write is not for its inverse to take out. */
function refuseOlderGrant({ key, accessors, documents, path }: Backup): void {
  const names = accessors.flatMap(({ fields }) => Object.values(fields));
  const stood = documents.find(({ before, after }) => {
    const isAboutTheKey = !after.includes(key.id) || before.includes(key.id);
    return isAboutTheKey && names.some((name) => before.includes(name));
  });
  if (stood === undefined) return;
  throw refusal(
    "undo.not-exact",
    `Nothing was written: before the write of ${path} the vendor's principal stood in the document already.`,
    "`keygrant revoke` takes out all that it is given. Change the document by hand to take out less.",
  );
}

const LET_IN = { "shut-out": "no", "let-in": "yes", unknown: "unknown", "not-made": null } as const;

function asUndone({ path, want }: Backup, report: RevokeReport): UndoReport {
  const { vendor, projects, cloud, key, accessors, change, proof, outcome } = report;
  const done = outcome === "revoked" ? "undone" : outcome;
  const about = { schemaVersion: 1, undoes: path, wanted: want, vendor, projects, cloud, key, accessors } as const;
  return { ...about, outcome: done, change, ...standing(LET_IN[proof], want) };
}

/** The inverse of a `revoke`: the very principals that it took out, as far as the vendor still names them. */
async function letInAgain(backup: Backup, options: RevokeOptions, deps: RevokeDeps): Promise<UndoReport> {
  const { accessors } = backup;
  await refuseStrangers(backup, options, deps);
  const grant: Grant = { policy: deps.policy, accessors };
  const facts = await inspectSettled(deps, backup.key, grant, options.settleReads);
  for (const accessor of accessors) deps.cloud.checkAccessor(accessor, facts.ref, deps.policy);
  const change = deps.cloud.plan(facts, grant, "present");
  refuseUseless(change?.after ?? facts, grant, deps);
  if (!(await deps.approve(proposalOf(backup, facts, change, options, deps)))) throw notAgreed();
  const about = {
    schemaVersion: 1,
    undoes: backup.path,
    wanted: backup.want,
    vendor: deps.vendor.id,
    projects: options.projects,
    cloud: facts.ref.cloud,
    key: facts.ref.id,
    accessors,
  } as const;
  if (options.dryRun) return { ...about, outcome: "planned", change: null, ...standing(null, backup.want) };
  const now = (seen: KeyFacts) => standing(answerOf(deps.cloud.access(seen, grant)), backup.want);
  if (change === null) return { ...about, outcome: "unchanged", change: null, ...now(facts) };
  const { facts: written, report } = await writeChange(deps, change, "present", options.settleReads, accessors);
  return { ...about, outcome: report === null ? "unchanged" : "undone", change: report, ...now(written) };
}

function proposalOf(
  backup: Backup,
  facts: KeyFacts,
  change: Change | null,
  options: RevokeOptions,
  deps: RevokeDeps,
): Proposal {
  const edited = new Set(change?.edits.map(({ document }) => document));
  const left = change === null ? [] : backup.documents.filter(({ id }) => !edited.has(id)).map(({ id }) => id);
  return {
    command: "undo",
    vendor: deps.vendor.id,
    project: options.projects.join(", "),
    key: facts.ref,
    way: "in",
    accessors: backup.accessors,
    change,
    acts: [],
    remarks: left.length === 0 ? [] : [`Not brought back, because nothing can or has to: ${left.join(", ")}.`],
  };
}

/** A backup says who was let in once; who may be let in today is for the vendor to say. */
async function refuseStrangers({ accessors, key }: Backup, options: RevokeOptions, deps: RevokeDeps): Promise<void> {
  const answers = await Promise.all(options.projects.map((project) => namedFor(project, key, deps.vendor)));
  const failed = answers.find((one) => one instanceof LookError);
  if (failed instanceof LookError) throw failed;
  const named = new Set(answers.flatMap((one) => (one instanceof LookError ? [] : one)).map(describe));
  const stranger = accessors.find((one) => !named.has(describe(one)));
  if (stranger === undefined) return;
  throw refusal(
    "vendor.accessor-changed",
    `Nothing was written: ${deps.vendor.id} does not name ${describe(stranger)} for ${options.projects.join(", ")}.`,
    "Use `keygrant onboard`, which lets in whom the vendor names now. Name the project with --project.",
  );
}

/** What would not let the vendor in even when it is written is not written. */
function refuseUseless(after: KeyFacts, grant: Grant, { cloud, clock }: RevokeDeps): void {
  const judged = judgeGrant(
    { kind: "judged", access: cloud.access(after, grant) },
    after,
    judgeNow(JUDGED, clock, null),
  );
  const [first] = judged.findings;
  if (judged.evidence !== "fail" || first === undefined) return;
  throw refusal(first.code, `Nothing was written: ${first.detail}`, first.fix);
}

const JUDGED: AssessOptions = {
  probeMode: "off",
  probeAs: null,
  accept: new Set(),
  requireVendor: false,
  warnBeforeMs: 0,
  waitMs: null,
};

function standing(letIn: UndoReport["letIn"], wanted: Backup["want"]): Pick<UndoReport, "letIn" | "next"> {
  if (letIn === null || letIn === (wanted === "present" ? "no" : "yes")) return { letIn, next: null };
  const next =
    letIn === "unknown"
      ? "Whether the vendor is let in could not be read: run the same command again, which looks before it writes."
      : "Something else decides: `keygrant validate <key>` names it.";
  return { letIn, next };
}

function answerOf(access: readonly Access[]): UndoReport["letIn"] {
  const answers = access.flatMap(({ actions }) => actions.map(({ answer }) => answer));
  if (answers.every((one) => one === "allowed")) return "yes";
  return answers.every((one) => one === "denied" || one === "missing") ? "no" : "unknown";
}
