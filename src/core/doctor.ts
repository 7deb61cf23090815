import { KeygrantError, LookError } from "./errors.ts";
import type { CloudId, KeyRef, LookFailure } from "./model.ts";
import type { Clock } from "./ports.ts";

/** What somebody may want to do from here; a role of its own for each, see docs/permissions.md. */
export const JOBS = ["onboard", "validate", "revoke", "roundtrip"] as const;
export type Job = (typeof JOBS)[number];

/** One permission that the calls of a cloud need. Data: docs/permissions.md and `keygrant doctor` are made from it. */
export interface PermissionNeed {
  /** In the cloud's own words, as a role or a statement names it. */
  readonly permission: string;
  /** The calls that need it, in the cloud's own words. */
  readonly calls: string;
  readonly jobs: readonly Job[];
  /** What the calls are for. */
  readonly use: string;
  /** What keygrant says or does without it. */
  readonly without: string;
  /** The jobs are done without it, less well. */
  readonly optional?: true;
}

/** `skipped`: not asked, and nothing depends on it here. Never a pass without an answer that means one. */
export const CHECK_OUTCOMES = ["pass", "fail", "unknown", "skipped"] as const;
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

export interface CheckAnswer {
  readonly outcome: CheckOutcome;
  readonly detail: string;
  /** What to do; null where there is nothing. */
  readonly fix: string | null;
}

export interface PermissionAnswer extends CheckAnswer {
  readonly permission: string;
  readonly jobs: readonly Job[];
}

export type Whoami =
  /** There is nothing that one could be somebody with. */
  { readonly found: false; readonly why: LookFailure } | { readonly found: true; readonly answer: CheckAnswer };

/** Something that has to answer, and at which address: an origin. */
export interface CheckedEndpoint {
  readonly name: string;
  readonly url: string;
}

export interface PermissionAsk {
  readonly key: KeyRef;
  readonly jobs: ReadonlySet<Job>;
  /** Nothing is sent that the cloud would count as a write or as a use of the key, not even to be refused. */
  readonly lookOnly: boolean;
}

/** What a cloud can say about working with it from here. Nothing here changes anything. */
export interface CloudCheckup {
  /** Every permission that the calls need. */
  readonly needs: readonly PermissionNeed[];
  /** Whose the credentials are. Without a key the region, if one is needed, is the environment's or a default. */
  whoami(key: KeyRef | null): Promise<Whoami>;
  endpoints(key: KeyRef | null): Promise<readonly CheckedEndpoint[]>;
  permissions(ask: PermissionAsk): Promise<readonly PermissionAnswer[]>;
}

export interface VendorCheckup {
  endpoints(): readonly CheckedEndpoint[];
  /** Whether the credentials are good, and what they are good for in a project. */
  rights(
    project: string | null,
  ): Promise<readonly (CheckAnswer & { readonly subject: string; readonly check: "credentials" | "permission" })[]>;
}

/** What came back from an address, whatever it was. */
export interface Reached {
  /** The proxy on the way, without a password; null for none. */
  readonly proxy: string | null;
  /** The clock at the other end; null when it did not say or did not answer. */
  readonly date: Date | null;
  /** When it was asked and answered, by the clock of this machine. */
  readonly sentAt: Date;
  readonly answeredAt: Date;
  /** Why nothing came back; null when something did. */
  readonly failure: string | null;
}

export const CHECKS = ["credentials", "clock", "endpoint", "permission"] as const;
export type CheckName = (typeof CHECKS)[number];

export interface CheckLine extends CheckAnswer {
  /** The vendor or the cloud. */
  readonly about: string;
  readonly check: CheckName;
  readonly subject: string;
  /** Which jobs need it; empty: all of them. */
  readonly jobs: readonly Job[];
}

export interface DoctorReport {
  readonly schemaVersion: 1;
  readonly checkedAt: string;
  /** Null: what depends on a key was not asked. */
  readonly key: string | null;
  readonly checks: readonly CheckLine[];
  readonly summary: Readonly<Record<CheckOutcome, number>>;
}

/** A party that can be asked about itself, or why it cannot even be opened. */
export interface Patient<T> {
  readonly id: string;
  open(): Promise<T>;
}

export interface DoctorDeps {
  readonly clock: Clock;
  readonly vendor: Patient<VendorCheckup | null>;
  readonly clouds: readonly (Patient<CloudCheckup | null> & { readonly id: CloudId })[];
  reach(url: string): Promise<Reached>;
}

export interface DoctorAsk {
  readonly key: KeyRef | null;
  readonly projects: readonly string[];
  readonly jobs: ReadonlySet<Job>;
  readonly lookOnly: boolean;
}

/** Asks everybody concerned what can be done from here, all at once. Changes nothing. */
export async function examine(deps: DoctorDeps, ask: DoctorAsk): Promise<DoctorReport> {
  const concerned = deps.clouds.filter(({ id }) => ask.key === null || ask.key.cloud === id);
  const lines = await Promise.all([
    examineVendor(deps, ask),
    ...concerned.map((cloud) => examineCloud(deps, cloud, ask)),
  ]);
  const checks = lines.flat().map(withNextStep);
  const count = (outcome: CheckOutcome) => checks.filter((line) => line.outcome === outcome).length;
  return {
    schemaVersion: 1,
    checkedAt: deps.clock.now().toISOString(),
    key: ask.key?.id ?? null,
    checks,
    summary: { pass: count("pass"), fail: count("fail"), unknown: count("unknown"), skipped: count("skipped") },
  };
}

/** What nobody could tell is asked again. */
function withNextStep(line: CheckLine): CheckLine {
  return line.outcome === "unknown" && line.fix === null ? { ...line, fix: AGAIN } : line;
}

const AGAIN = "Run the same command again; if it stays, --verbose shows what was asked and answered.";

async function examineVendor(deps: DoctorDeps, ask: DoctorAsk): Promise<readonly CheckLine[]> {
  const { id } = deps.vendor;
  const base = { about: id, jobs: [] };
  const opened = await tryToOpen(deps.vendor);
  if ("line" in opened) return [opened.line];
  const { checkup } = opened;
  const projects = ask.projects.length === 0 ? [null] : ask.projects;
  const [rights, ways] = await Promise.all([
    Promise.all(projects.map((project) => checkup.rights(project))),
    examineWays(deps, id, checkup.endpoints()),
  ]);
  return [...rights.flat().map((answer) => ({ ...base, ...answer })), ...ways];
}

async function examineCloud(
  deps: DoctorDeps,
  cloud: Patient<CloudCheckup | null>,
  ask: DoctorAsk,
): Promise<readonly CheckLine[]> {
  const base = { about: cloud.id, jobs: [] };
  const opened = await tryToOpen(cloud);
  if ("line" in opened) return [opened.line];
  const { checkup } = opened;
  const who = await checkup.whoami(ask.key);
  const credentials = { ...base, check: "credentials", subject: "caller" } as const;
  if (!who.found) {
    // Nobody needs a cloud that no key is in.
    if (ask.key === null) return [{ ...credentials, outcome: "skipped", detail: NO_CREDENTIALS, fix: null }];
    return [{ ...credentials, outcome: "fail", detail: who.why.detail, fix: who.why.fix ?? null }];
  }
  const ways = await examineWays(deps, cloud.id, await checkup.endpoints(ask.key));
  const first = [{ ...credentials, ...who.answer }, ...ways];
  if (ask.key === null) return [...first, withoutKey(cloud.id)];
  if (who.answer.outcome === "fail") return first;
  const permissions = await checkup.permissions({ key: ask.key, jobs: ask.jobs, lookOnly: ask.lookOnly });
  const wanted = permissions.filter(({ jobs }) => jobs.some((job) => ask.jobs.has(job)));
  return [
    ...first,
    ...wanted.map(({ permission, ...answer }) => ({
      ...base,
      ...answer,
      check: "permission" as const,
      subject: permission,
    })),
  ];
}

const NO_CREDENTIALS = "No credentials found.";

function withoutKey(about: string): CheckLine {
  const detail = "Not asked: which permissions there are depends on the key.";
  const fix = "Name one: `keygrant doctor <key>`.";
  return { about, check: "permission", subject: "all", jobs: [], outcome: "skipped", detail, fix };
}

/** A missing token or a bad setting is a line, so that the others are still said; a mistake of our own is not. */
async function tryToOpen<T>(
  patient: Patient<T | null>,
): Promise<{ readonly checkup: T } | { readonly line: CheckLine }> {
  const line = { about: patient.id, check: "credentials", subject: "caller", jobs: [] } as const;
  try {
    const checkup = await patient.open();
    if (checkup !== null) return { checkup };
    return { line: { ...line, outcome: "skipped", detail: "keygrant cannot ask it about itself.", fix: null } };
  } catch (error) {
    if (!(error instanceof KeygrantError)) throw error;
    const outcome = error instanceof LookError ? "unknown" : "fail";
    return { line: { ...line, outcome, detail: error.message, fix: error.fix } };
  }
}

/** The addresses, and from the first one that says what time it is, the clock. */
async function examineWays(
  deps: DoctorDeps,
  about: string,
  endpoints: readonly CheckedEndpoint[],
): Promise<readonly CheckLine[]> {
  const reached = await Promise.all(endpoints.map(async (one) => ({ ...one, ...(await deps.reach(one.url)) })));
  if (reached.length === 0) return [];
  const clock = reached.find(({ date }) => date !== null);
  return [
    { about, check: "clock", subject: "clock", jobs: [], ...(clock === undefined ? NO_CLOCK : clockAnswer(clock)) },
    ...reached.map((one) => ({
      about,
      check: "endpoint" as const,
      subject: `${one.name} ${one.url}`,
      jobs: [],
      ...endpointAnswer(one),
    })),
  ];
}

function endpointAnswer({ failure, proxy }: Reached): CheckAnswer {
  const way = proxy === null ? "with no proxy in between" : `through the proxy ${proxy}`;
  if (failure === null) return { outcome: "pass", detail: `It answers, ${way}.`, fix: null };
  const fix = "Check the network, HTTPS_PROXY and NO_PROXY, and the endpoint's own setting.";
  return { outcome: "unknown", detail: `It could not be reached, ${way}: ${failure}.`, fix };
}

const NO_CLOCK: CheckAnswer = {
  outcome: "unknown",
  detail: "Nobody answered who says what time it is.",
  fix: "Mend the endpoints first.",
};

/**
 * AWS and OCI refuse a signature that is five minutes off
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html#signature-v4-troubleshooting-expired-signature,
 * https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm), and Google a token's assertion.
 */
const REFUSED_SKEW_S = 300;
/** An answer's date has whole seconds. */
const GRAIN_MS = 1_000;

function clockAnswer({ date, sentAt, answeredAt }: Reached): CheckAnswer {
  const there = date?.getTime() ?? Number.NaN;
  // Between the two it was said, so that a slow answer is no skew.
  const early = sentAt.getTime() - GRAIN_MS - there;
  const late = there - answeredAt.getTime();
  const seconds = Math.max(0, Math.ceil(Math.max(early, late) / 1_000));
  const side = early > late ? "ahead of" : "behind";
  if (seconds === 0) return { outcome: "pass", detail: "This machine's clock and theirs agree.", fix: null };
  const detail = `This machine's clock is ${seconds} s ${side} theirs`;
  const fix = "Set this machine's clock (NTP).";
  if (seconds >= REFUSED_SKEW_S) return { outcome: "fail", detail: `${detail}; ${REFUSED_SKEW_S} s are refused.`, fix };
  return { outcome: "pass", detail: `${detail}; refused is what is off by ${REFUSED_SKEW_S} s.`, fix };
}
