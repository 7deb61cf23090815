import { open, rename, rm, stat } from "node:fs/promises";
import { InvalidArgumentError } from "commander";
import { usageError } from "../core/errors.ts";
import type { KeyIdentity } from "../core/history.ts";
import { identityOf } from "../core/history.ts";
import type { KeyStore } from "../core/memory.ts";
import { type KeyReport, type Summary, standing } from "../core/report.ts";
import type { ValidateEnd } from "../core/validate.ts";
import { identityKey, type ReportWriter, type RunStart } from "../report/input.ts";
import { jsonWriter } from "../report/json.ts";
import { jsonlWriter } from "../report/jsonl.ts";
import { type Paint, textWriter } from "../report/text.ts";
import type { Host } from "./host.ts";

export const OUTPUT_FORMATS = ["text", "json", "jsonl", "junit", "sarif", "prometheus", "html"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface OutputChoice {
  readonly format: OutputFormat;
  /** A file; null: stdout. */
  readonly to: string | null;
}

/** Collects `json`, `junit=report.xml`, …. */
export function outputChoice(text: string, before: readonly OutputChoice[] | undefined): readonly OutputChoice[] {
  const at = text.indexOf("=");
  const name = at === -1 ? text : text.slice(0, at);
  const to = at === -1 ? null : text.slice(at + 1);
  const format = OUTPUT_FORMATS.find((one) => one === name);
  if (format === undefined)
    throw new InvalidArgumentError(`Use one of ${OUTPUT_FORMATS.join(", ")}, with =FILE for a file.`);
  if (to === "") throw new InvalidArgumentError("Name the file behind the equals sign.");
  const all = [...(before ?? []), { format, to }];
  if (all.filter((one) => one.to === null).length > 1) {
    throw new InvalidArgumentError("Only one format can go to stdout; give the others a file, as in junit=report.xml.");
  }
  return all;
}

/** What is printed where nothing else was asked for. */
export const TO_STDOUT: readonly OutputChoice[] = [{ format: "text", to: null }];

/** Collects the pages of `--report`: each is what `--output html=FILE` is. */
export function reportPage(file: string, before: readonly OutputChoice[] | undefined): readonly OutputChoice[] {
  if (file === "") throw new InvalidArgumentError("Name the file, as in --report keys.html.");
  return [...(before ?? []), { format: "html", to: file }];
}

/** Told as keys finish, for whoever reads along; the others are worst first where memory can sort. */
const AS_THEY_FINISH: ReadonlySet<OutputFormat> = new Set(["jsonl"]);

/** What a run has come to, for the exit code. */
export interface Tally {
  readonly counts: Summary;
  /** Every undetermined key waits. */
  readonly onlyWaiting: boolean;
}

export interface Outputs {
  key(report: KeyReport): Promise<void>;
  end(end: ValidateEnd): Promise<Tally>;
  /** Removes what was begun, when the run could not be finished. */
  abandon(): Promise<void>;
}

interface Sink {
  readonly choice: OutputChoice;
  readonly writer: ReportWriter;
  write(text: string): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

export interface OutputDeps {
  readonly host: Host;
  readonly paint: Paint;
  readonly store: KeyStore | null;
  readonly run: RunStart;
  /** The report as it is told: with what is muted in it. */
  readonly mark: (report: KeyReport) => KeyReport;
  /** Gets the metrics of the run when it has ended. */
  readonly onMetrics?: ((text: string) => void) | undefined;
}

/** Opens every output. A file appears as a whole when the run has ended, or not at all. */
export async function openOutputs(choices: readonly OutputChoice[], deps: OutputDeps): Promise<Outputs> {
  const sinks = await Promise.all(choices.map((choice) => openSink(choice, deps)));
  if (deps.onMetrics !== undefined) sinks.push(await metricsSink(deps.onMetrics));
  const { store } = deps;
  const lookFailures: Record<string, number> = {};
  const counts = { VALID: 0, INVALID: 0, INITIALIZING: 0, undetermined: 0 };
  let onlyWaiting = true;
  const seen = new Set<string>();
  const sortedLater = (sink: Sink) => store !== null && !AS_THEY_FINISH.has(sink.choice.format);
  for (const sink of sinks) await sink.write(sink.writer.begin(deps.run));

  async function tell(sink: Sink, id: KeyIdentity, report: KeyReport): Promise<void> {
    const { transitions } = sink.writer;
    const history = store === null || transitions === 0 ? [] : await store.history(id, transitions);
    await sink.write(sink.writer.key(deps.mark(report), history));
  }

  return {
    async key(report) {
      const id = identityOf(report);
      seen.add(identityKey(id));
      counts[standing(report)]++;
      if (standing(report) === "undetermined" && !report.waiting) onlyWaiting = false;
      const codes = new Set(report.findings.map((one) => one.code).filter((code) => code.startsWith("look.")));
      for (const code of codes) lookFailures[code] = (lookFailures[code] ?? 0) + 1;
      for (const sink of sinks) {
        if (!sortedLater(sink) || (await store?.read(id)) === null) await tell(sink, id, report);
      }
    },
    async end({ summary, unlisted, coverage }) {
      const later = sinks.filter(sortedLater);
      if (store !== null && later.length > 0) {
        for await (const { id, memory } of store.all()) {
          if (!seen.has(identityKey(id))) continue;
          for (const sink of later) await tell(sink, id, memory.report);
        }
      }
      const finishedAt = deps.host.clock.now().toISOString();
      // What is printed comes last: a file that cannot be written is an error, and then that is what is printed.
      for (const sink of [...sinks.filter(isFile), ...sinks.filter((one) => !isFile(one))]) {
        await sink.write(sink.writer.end({ finishedAt, lookFailures, summary, unlisted, coverage }));
        await sink.finish();
      }
      return { counts, onlyWaiting };
    },
    async abandon() {
      for (const sink of sinks) await sink.abandon();
    },
  };
}

function isFile({ choice }: Sink): boolean {
  return choice.to !== null;
}

/** How many characters are gathered before they are written to a file. */
const CHUNK = 65_536;

async function openSink(choice: OutputChoice, deps: OutputDeps): Promise<Sink> {
  const writer = await writerFor(choice, deps.paint);
  const { to } = choice;
  if (to === null) {
    return toStdout(choice, writer, deps.host);
  }
  return { choice, writer, ...(await toFile(to, deps.host)) };
}

type Target = Pick<Sink, "write" | "finish" | "abandon">;

/** Beside the file and then in its place. What is there and is no file, a pipe or a device, is written to as it is. */
async function toFile(to: string, { random }: Host): Promise<Target> {
  const or = (error: unknown) => cannotBeWritten(to, error);
  const found = await stat(to).catch(() => null);
  const isStream = found !== null && !found.isFile();
  const path = isStream ? to : `${to}.${Buffer.from(random(4)).toString("hex")}.tmp`;
  const file = await open(path, isStream ? "w" : "wx", 0o644).catch(or);
  // Nobody reads a file before it is whole: many keys go to the disk at once.
  const enough = isStream ? 0 : CHUNK;
  const held: string[] = [];
  let size = 0;
  let written = Promise.resolve();
  const flush = () => {
    const text = held.splice(0).join("");
    size = 0;
    written = written.then(() => file.appendFile(text).catch(or));
    return written;
  };
  return {
    async write(text) {
      held.push(text);
      size += text.length;
      if (size >= enough) await flush();
    },
    async finish() {
      await flush();
      await file.close().catch(or);
      if (!isStream) await rename(path, to).catch(or);
    },
    async abandon() {
      await file.close();
      if (!isStream) await rm(path, { force: true });
    },
  };
}

function cannotBeWritten(to: string, error: unknown): never {
  const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
  throw usageError(
    "usage.output-file",
    `The report ${to} cannot be written there${code}.`,
    "Check the folder and its rights, and whether its disk is full.",
    error,
  );
}

/** The metrics in memory, for whoever serves them. */
async function metricsSink(take: (text: string) => void): Promise<Sink> {
  const choice: OutputChoice = { format: "prometheus", to: null };
  const writer = await writerFor(choice, (_format, text) => text);
  const held: string[] = [];
  return {
    choice,
    writer,
    write: async (text) => void held.push(text),
    finish: async () => take(held.join("")),
    abandon: async () => {},
  };
}

/** Formats that are made of lines, each for itself. The others are one document. */
const LINES: ReadonlySet<OutputFormat> = new Set(["text", "jsonl"]);

/** A document is printed once it is whole: when the run fails, the error is the document. */
function toStdout(choice: OutputChoice, writer: ReportWriter, { interrupted, stdout }: Host): Sink {
  const held: string[] = [];
  const print = (text: string) => {
    // Whoever was stopped has no results: what was found out since may be nothing but the stopping itself.
    interrupted.throwIfAborted();
    if (text !== "") stdout.write(text);
  };
  return {
    choice,
    writer,
    write: async (text) => {
      if (LINES.has(choice.format)) print(text);
      else held.push(text);
    },
    finish: async () => print(held.join("")),
    abandon: async () => {},
  };
}

/** Colours are for the terminal alone. */
async function writerFor({ format, to }: OutputChoice, paint: Paint): Promise<ReportWriter> {
  switch (format) {
    case "text":
      return textWriter(to === null ? paint : (_format, text) => text);
    case "json":
      return jsonWriter();
    case "jsonl":
      return jsonlWriter();
    case "junit":
      return (await import("../report/junit.ts")).junitWriter();
    case "sarif":
      return (await import("../report/sarif.ts")).sarifWriter();
    case "prometheus":
      return (await import("../report/prometheus.ts")).prometheusWriter();
    case "html":
      return (await import("../report/html.ts")).htmlWriter();
  }
}
