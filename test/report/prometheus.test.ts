import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type ReportInput, writeReport } from "../../src/report/input.ts";
import { prometheusWriter } from "../../src/report/prometheus.ts";
import { FINISHED_AT, fleet, HOSTILE, hostileInput, hostileSketch, inputOf, key } from "./fleet.ts";
import { findProgram, runProgram } from "./tools.ts";

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE =
  /^(?<name>[a-z_]+)(?:\{(?<labels>[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*)\})? (?<value>-?\d+(?:\.\d+)?)$/u;

/** The text format, strictly: each family once and in one piece, with its help and type, and no series twice. */
function read(text: string): readonly Sample[] {
  expect(text.isWellFormed()).toBe(true);
  const samples: Sample[] = [];
  const families = new Set<string>();
  const series = new Set<string>();
  let family = "";
  const lines = text.split("\n");
  expect(lines.pop()).toBe("");
  for (const [index, line] of lines.entries()) {
    const help = /^# HELP ([a-z_]+) (\S.*)$/.exec(line);
    if (help !== null) {
      family = help[1] ?? "";
      if (families.has(family)) throw new Error(`${family} stands in two places`);
      families.add(family);
      expect(lines[index + 1]).toBe(`# TYPE ${family} gauge`);
      continue;
    }
    if (line.startsWith("# TYPE ")) continue;
    const groups = SAMPLE.exec(line)?.groups;
    if (groups === undefined || groups["name"] !== family) throw new Error(`no sample of ${family}: ${line}`);
    const labels = labelsOf(groups["labels"] ?? "");
    const id = `${family} ${JSON.stringify(Object.entries(labels).sort())}`;
    if (series.has(id)) throw new Error(`twice: ${line}`);
    series.add(id);
    samples.push({ name: family, labels, value: Number(groups["value"]) });
  }
  return samples;
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/gu)].map(
    ([, name = "", value = ""]) =>
      [name, value.replaceAll(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character))] as const,
  );
  return Object.fromEntries(pairs);
}

function written(input: ReportInput): readonly Sample[] {
  return read(writeReport(prometheusWriter(), input));
}

function of(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly number[] {
  const fits = (one: Sample) => Object.entries(labels).every(([label, value]) => one.labels[label] === value);
  return samples.filter((one) => one.name === name && fits(one)).map((one) => one.value);
}

const promtool = findProgram("promtool");
const absent = promtool === null ? " (not on this machine)" : "";

describe("prometheus", () => {
  it("has one phase a key", () => {
    const input = fleet();
    const samples = written(input);
    for (const report of input.report.keys) {
      const phases = samples.filter((one) => one.name === "keygrant_key_phase" && one.labels["key"] === report.key);
      expect(phases).toHaveLength(3);
      expect(phases.filter((one) => one.value === 1).map((one) => one.labels["phase"])).toEqual([report.phase]);
    }
  });

  it("keeps the phase of a stale key, and says that it is stale", () => {
    const report = key({ key: "k", phase: "VALID", stale: true });
    const samples = written(inputOf([{ report, history: [] }]));
    expect(of(samples, "keygrant_key_phase", { phase: "VALID" })).toEqual([1]);
    expect(of(samples, "keygrant_key_stale")).toEqual([1]);
    expect(of(samples, "keygrant_keys", { standing: "undetermined" })).toEqual([1]);
    expect(of(samples, "keygrant_keys", { standing: "VALID" })).toEqual([0]);
  });

  it("counts the services of keys that fail, and says nothing where they could not be read", () => {
    const about = (services: ReturnType<typeof key>["services"], phase: "VALID" | "INVALID") =>
      of(written(inputOf([{ report: key({ phase, services }), history: [] }])), "keygrant_key_services_at_risk");
    const two = [
      { name: "a", status: "RUNNING" },
      { name: "b", status: "POWEROFF" },
    ];
    expect(about(two, "INVALID")).toEqual([2]);
    expect(about([], "INVALID")).toEqual([0]);
    expect(about(null, "INVALID")).toEqual([]);
    expect(about(two, "VALID")).toEqual([0]);
    expect(about(null, "VALID")).toEqual([0]);
  });

  it("gives times in seconds, and none where there is none", () => {
    const report = key({ since: null, lastValidAt: null, lastCheckedAt: "2026-11-20T09:59:44.500Z" });
    const samples = written(inputOf([{ report, history: [] }]));
    expect(of(samples, "keygrant_key_since_timestamp_seconds")).toEqual([]);
    expect(of(samples, "keygrant_key_last_valid_timestamp_seconds")).toEqual([]);
    expect(of(samples, "keygrant_key_last_checked_timestamp_seconds")).toEqual([1_795_168_784.5]);
    expect(of(samples, "keygrant_run_timestamp_seconds")).toEqual([Date.parse(FINISHED_AT) / 1000]);
    expect(of(samples, "keygrant_run_duration_seconds")[0]).toBeCloseTo(41.796, 3);
  });

  it("counts what could not be looked at, zeros included", () => {
    const samples = written(fleet());
    expect(of(samples, "keygrant_look_failures", { code: "look.unreachable" })).toEqual([2]);
    expect(of(samples, "keygrant_look_failures", { code: "look.throttled" })).toEqual([0]);
    expect(of(samples, "keygrant_project_unlisted", { project: "legacy-billing" })).toEqual([1]);
  });

  it("has no labels without bounds but those that name a key", () => {
    const names = new Set(written(fleet()).flatMap((one) => Object.keys(one.labels)));
    const bounded = ["vendor", "phase", "standing", "code", "outcome", "version"];
    expect(names).toEqual(new Set([...bounded, "project", "key"]));
  });

  it("never has a series twice, and then tells the worse", () => {
    const one = key({ key: "k", phase: "VALID" });
    const other = key({ key: "k", phase: "INVALID", cmkId: "another" });
    for (const reports of [
      [one, other],
      [other, one],
    ]) {
      const samples = written(inputOf(reports.map((report) => ({ report, history: [] }))));
      expect(of(samples, "keygrant_key_phase", { phase: "INVALID" })).toEqual([1]);
    }
  });

  it("reads back whatever clouds and vendors say", () => {
    expect(of(written(hostileInput()), "keygrant_key_stale")).toHaveLength(HOSTILE.length);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
        expect(of(written(inputOf([hostileSketch(text)])), "keygrant_key_stale")).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
    const [quoted] = written(inputOf([{ report: key({ key: 'a "b" \\ c' }), history: [] }])).filter(
      (one) => one.name === "keygrant_key_stale",
    );
    expect(quoted?.labels["key"]).toBe('a "b" \\ c');
  });

  it.skipIf(promtool === null)(`is what promtool check metrics takes${absent}`, () => {
    for (const input of [fleet(), hostileInput(), inputOf([])]) {
      const text = writeReport(prometheusWriter(), input);
      expect(runProgram(promtool ?? "", ["check", "metrics"], text)).toEqual({ code: 0, said: "" });
    }
  });
});

const RULES = "docs/prometheus-alerts.yaml";

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

describe("the alert rules", () => {
  it("ask only for metrics that are written", async () => {
    const { groups }: RuleFile = parse(await readFile(RULES, "utf8"));
    const rules = groups.flatMap((group) => group.rules);
    const names = new Set(written(fleet()).map((one) => one.name));
    const asked = new Set(rules.flatMap((rule) => rule.expr.match(/keygrant_\w+/g) ?? []));
    expect(asked.size).toBeGreaterThan(5);
    for (const name of asked) expect(names).toContain(name);
  });

  it.skipIf(promtool === null)(`fire when they should, and only then${absent}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "keygrant-rules-"));
    try {
      const file = join(folder, "test.yaml");
      await writeFile(
        file,
        JSON.stringify({ rule_files: [resolve(RULES)], evaluation_interval: "1m", tests: RULE_TESTS }),
      );
      const { code, said } = runProgram(promtool ?? "", ["test", "rules", file], "");
      expect({ code, said: code === 0 ? "" : said }).toEqual({ code: 0, said: "" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const KEY = 'vendor="aiven",project="p",key="k"';

function series(name: string, values: string): object {
  return { series: name, values };
}

const heartbeat = series("keygrant_run_timestamp_seconds", "0+60x120 7200+0x180");

const RULE_TESTS = [
  {
    name: "a run that stops is noticed within the hour and five minutes, and not before",
    interval: "1m",
    input_series: [heartbeat],
    promql_expr_test: [
      { expr: "ALERTS{alertname='KeygrantNobodyLooks'}", eval_time: "2h", exp_samples: [] },
      {
        expr: "count(ALERTS{alertname='KeygrantNobodyLooks',alertstate='firing'})",
        eval_time: "200m",
        exp_samples: [{ labels: "{}", value: 1 }],
      },
    ],
  },
  {
    name: "INVALID pages with services at risk, or when nobody knows",
    interval: "10m",
    input_series: [
      series(`keygrant_key_phase{${KEY},phase="INVALID"}`, "0 1 1 1 1 1 1 1 1 1 1"),
      series('keygrant_key_services_at_risk{vendor="aiven",project="p",key="k"}', "0 2 2 2 _ _ _ 0 0 0 0"),
    ],
    promql_expr_test: [
      ["0m", "KeygrantKeyInvalid", 0],
      ["10m", "KeygrantKeyInvalid", 1],
      ["55m", "KeygrantKeyInvalid", 1],
      ["75m", "KeygrantKeyInvalid", 0],
    ].map(([eval_time, alert, value]) => ({
      expr: `count(ALERTS{alertname='${alert}',alertstate='firing'}) or vector(0)`,
      eval_time,
      exp_samples: [{ labels: "{}", value }],
    })),
  },
  {
    name: "a key that nobody could look at for a day",
    interval: "30m",
    input_series: [series(`keygrant_key_stale{${KEY}}`, "0 1x60 0 0")],
    promql_expr_test: [
      ["24h", 0],
      ["25h", 1],
      ["31h", 0],
    ].map(([eval_time, value]) => ({
      expr: "count(ALERTS{alertname='KeygrantKeyStale',alertstate='firing'}) or vector(0)",
      eval_time,
      exp_samples: [{ labels: "{}", value }],
    })),
  },
  {
    name: "a date ahead",
    interval: "5m",
    input_series: [series(`keygrant_key_finding{${KEY},code="key.deletion-ahead",outcome="warn"}`, "1x10")],
    promql_expr_test: [
      {
        expr: "count(ALERTS{alertname='KeygrantKeyEndsSoon',alertstate='firing'})",
        eval_time: "30m",
        exp_samples: [{ labels: "{}", value: 1 }],
      },
    ],
  },
];
