import type { ProjectCoverage } from "../core/coverage.ts";
import { type KeyReport, type Phase, standing } from "../core/report.ts";
import { plainText } from "../core/text.ts";
import { type ReportWriter, type RunEnd, type RunStart, WORST_FIRST } from "./input.ts";

/** What the metrics say of one key: all that is kept of it. */
interface Sample {
  /** `vendor="…",project="…",key="…"`, escaped. */
  readonly labels: string;
  readonly phase: Phase;
  readonly standing: ReturnType<typeof standing>;
  /** Seconds since 1970; NaN where unknown. */
  readonly since: number;
  readonly lastChecked: number;
  readonly lastValid: number;
  /** Null when the services could not be read, and the key fails. */
  readonly atRisk: number | null;
  readonly findings: readonly string[];
  readonly deletion: number;
  readonly materialExpiry: number;
  readonly isMuted: boolean;
}

/**
 * The text format that node_exporter's textfile collector and `/metrics` read
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * All samples of a family stand together, while keys come one by one: so a few numbers and a line of labels are kept
 * of each key until the end. The caller writes the file atomically: half a file would be half a fleet.
 */
export function prometheusWriter(): ReportWriter {
  const samples = new Map<string, Sample>();
  let start: RunStart = { startedAt: "", version: "" };
  return {
    transitions: 0,
    begin: (run) => {
      start = run;
      return "";
    },
    key: (report) => {
      keep(samples, sampleOf(report));
      return "";
    },
    end: (run) => [...runFamilies(start, run), ...keyFamilies([...samples.values()])].map(familyText).join(""),
  };
}

/** A series that stands twice makes the collector refuse the whole file: of two registrations, the worse one is told. */
function keep(samples: Map<string, Sample>, sample: Sample): void {
  const rank = (one: Sample) => WORST_FIRST.indexOf(one.standing);
  const before = samples.get(sample.labels);
  if (before === undefined || rank(sample) < rank(before)) samples.set(sample.labels, sample);
}

function sampleOf(key: KeyReport): Sample {
  return {
    labels: labels({ vendor: key.vendor, project: key.project ?? "", key: key.key }),
    phase: key.phase,
    standing: standing(key),
    since: seconds(key.since),
    lastChecked: seconds(key.lastCheckedAt),
    lastValid: seconds(key.lastValidAt),
    atRisk: key.phase === "INVALID" ? (key.services?.length ?? null) : 0,
    deletion: seconds(key.deletionAt),
    materialExpiry: seconds(key.materialExpiresAt),
    isMuted: isMuted(key),
    findings: [...new Set(key.findings.map((one) => labels({ code: one.code, outcome: one.outcome })))],
  };
}

/** Whether everything that fails, or else everything that keeps it from being judged, is muted. */
function isMuted(key: KeyReport): boolean {
  if (key.muted.some((one) => one.code === null)) return true;
  const decisive = key.findings.filter((one) => one.outcome === (standing(key) === "INVALID" ? "fail" : "unknown"));
  return (
    standing(key) !== "VALID" &&
    decisive.length > 0 &&
    decisive.every((one) => key.muted.some(({ code }) => code === one.code))
  );
}

interface Family {
  readonly name: string;
  readonly help: string;
  /** Labels and value of each sample. */
  readonly samples: Iterable<readonly [string, number]>;
}

function runFamilies(start: RunStart, end: RunEnd): readonly Family[] {
  const finished = seconds(end.finishedAt);
  return [
    {
      name: "keygrant_build_info",
      help: "Which keygrant wrote these metrics; always 1.",
      samples: [[labels({ version: start.version }), 1]],
    },
    {
      name: "keygrant_run_timestamp_seconds",
      help: "When the last run ended, in seconds since 1970.",
      samples: known([["", finished]]),
    },
    {
      name: "keygrant_run_duration_seconds",
      help: "How long the last run took.",
      samples: known([["", Math.max(0, finished - seconds(start.startedAt))]]),
    },
    {
      name: "keygrant_look_failures",
      help: "How often the last run could not look, by code; no verdict on any key.",
      samples: Object.entries({ ...NO_FAILURES, ...end.lookFailures }).map(([code, count]) => [
        labels({ code }),
        count,
      ]),
    },
    {
      name: "keygrant_keys",
      help: "Keys of the last run by standing, each once; a stale one counts as undetermined.",
      samples: WORST_FIRST.map((word) => [labels({ standing: word }), end.summary[word]]),
    },
    {
      name: "keygrant_project_unlisted",
      help: "1 for a project whose keys could not be listed in the last run.",
      samples: new Map(end.unlisted.map((one) => [labels({ vendor: one.vendor, project: one.project }), 1])),
    },
    ...coverageFamilies(end),
  ];
}

/** By project alone: names of services would be labels without bound. */
function coverageFamilies({ coverage }: RunEnd): readonly Family[] {
  const gauge = (value: (one: ProjectCoverage) => number | null) => {
    const samples = (coverage ?? []).map(
      (one) => [labels({ vendor: one.vendor, project: one.project }), value(one) ?? Number.NaN] as const,
    );
    return new Map(known(samples));
  };
  return [
    {
      name: "keygrant_project_services",
      help: "Services of the project, with --coverage; absent where they could not be listed.",
      samples: gauge((one) => one.services),
    },
    {
      name: "keygrant_project_services_unprotected",
      help: "Services of the project that no CMK, or an unlisted one, protects.",
      samples: gauge((one) => one.unprotected?.length ?? null),
    },
    {
      name: "keygrant_project_default_key",
      help: "1 when the project has a default CMK for new services, 0 when it has none.",
      samples: gauge((one) => (one.hasDefault === null ? null : Number(one.hasDefault))),
    },
  ];
}

/** Zero is a value: without it an alert cannot tell "none" from "not measured". */
const NO_FAILURES: Readonly<Record<string, number>> = {
  "look.denied": 0,
  "look.absent-or-denied": 0,
  "look.credentials": 0,
  "look.misconfigured": 0,
  "look.throttled": 0,
  "look.unreachable": 0,
  "look.timeout": 0,
  "look.unsupported": 0,
};

const PHASES: readonly Phase[] = ["INITIALIZING", "VALID", "INVALID"];

function keyFamilies(keys: readonly Sample[]): readonly Family[] {
  const gauge = (value: (key: Sample) => number) => known(keys.map((key) => [key.labels, value(key)]));
  return [
    {
      name: "keygrant_key_phase",
      help: "1 for the phase that the key is in, 0 for the others; a stale key keeps the phase it had.",
      samples: keys.flatMap((key) =>
        PHASES.map((phase) => [`${key.labels},${labels({ phase })}`, phase === key.phase ? 1 : 0] as const),
      ),
    },
    {
      name: "keygrant_key_stale",
      help: "1 when the last look at the key concluded nothing.",
      samples: gauge((key) => (key.standing === "undetermined" ? 1 : 0)),
    },
    {
      name: "keygrant_key_since_timestamp_seconds",
      help: "Since when phase and cause have been what they are, in seconds since 1970.",
      samples: gauge((key) => key.since),
    },
    {
      name: "keygrant_key_last_checked_timestamp_seconds",
      help: "When somebody last tried to look at the key, in seconds since 1970.",
      samples: gauge((key) => key.lastChecked),
    },
    {
      name: "keygrant_key_last_valid_timestamp_seconds",
      help: "When the key was last seen VALID, in seconds since 1970.",
      samples: gauge((key) => key.lastValid),
    },
    {
      name: "keygrant_key_services_at_risk",
      help: "Services that depend on a key that is INVALID; absent where they could not be read.",
      samples: gauge((key) => key.atRisk ?? Number.NaN),
    },
    {
      name: "keygrant_key_deletion_timestamp_seconds",
      help: "When the key, or something that it needs, will be destroyed, in seconds since 1970; absent: not planned.",
      samples: gauge((key) => key.deletion),
    },
    {
      name: "keygrant_key_material_expiry_timestamp_seconds",
      help: "When the imported material of the key expires, in seconds since 1970; absent: it does not.",
      samples: gauge((key) => key.materialExpiry),
    },
    {
      name: "keygrant_key_muted",
      help: "1 for a key whose trouble is muted in the configuration; an alert rule can leave it out.",
      samples: gauge((key) => (key.isMuted ? 1 : 0)),
    },
    {
      name: "keygrant_key_finding",
      help: "1 for each code that was found for the key; keygrant explain says what a code means.",
      samples: keys.flatMap((key) => key.findings.map((one) => [`${key.labels},${one}`, 1] as const)),
    },
  ];
}

/** What is not known has no sample: NaN would spoil every sum. */
function known(samples: readonly (readonly [string, number])[]): readonly (readonly [string, number])[] {
  return samples.filter(([, value]) => !Number.isNaN(value));
}

function familyText(family: Family): string {
  const lines = [...family.samples].map(
    ([text, value]) => `${family.name}${text === "" ? "" : `{${text}}`} ${value}\n`,
  );
  if (lines.length === 0) return "";
  return `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} gauge\n${lines.join("")}`;
}

function labels(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(",");
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

function escapeLabel(value: string): string {
  return plainText(value, 2_000).replaceAll(/[\\"\n]/g, (character) => ESCAPES[character] ?? character);
}

function seconds(time: string | null): number {
  return time === null ? Number.NaN : Date.parse(time) / 1000;
}
