import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** One promise about speed, and what was measured. */
export interface Target {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  readonly must: "at most" | "at least";
  readonly unit: string;
}

export interface Findings {
  readonly targets: readonly Target[];
  /** More tables and remarks, as Markdown. */
  readonly more?: readonly string[];
}

export interface Size {
  /** How often each thing is measured; the median counts. */
  readonly runs: number;
  /** Only to see that the bench works: as little as possible of everything. */
  readonly smoke: boolean;
}

export interface Bench {
  readonly title: string;
  /** What is measured against what, so that somebody else can do it again. */
  readonly method: string;
  readonly run: (size: Size) => Promise<Findings>;
}

export function isReached({ measured, limit, must }: Target): boolean {
  return must === "at most" ? measured <= limit : measured >= limit;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Runs each thing in turn, so that what else the machine does strikes all of them alike; the numbers of each one. */
export async function interleaved<T>(
  runs: number,
  things: readonly (() => Promise<T>)[],
): Promise<readonly (readonly T[])[]> {
  const results = things.map((): T[] => []);
  for (let run = 0; run < runs; run++) {
    for (const [index, thing] of things.entries()) results[index]?.push(await thing());
  }
  return results;
}

/** The rows under their heads, as a Markdown table. */
export function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From before the start to the end, in milliseconds. */
  readonly wallMs: number;
}

/** Runs a program to its end. Nothing of the caller's environment reaches it but where programs are. */
export async function ran(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const began = performance.now();
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  const [[exitCode], stdout, stderr] = await Promise.all([
    once(child, "close"),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { exitCode, stdout, stderr, wallMs: performance.now() - began };
}

/** As `ran`, and whatever does not end well is an error: a bench of something that failed measures nothing. */
export async function well(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const result = await ran(command, args, env);
  if (result.exitCode === 0) return result;
  throw new Error(`${command} ${args.join(" ")} ended with ${result.exitCode}: ${result.stdout}${result.stderr}`);
}

export const KEYGRANT = ["--", "bin/keygrant.js"];
