import type { Clock } from "./ports.ts";
import { STEPS, type StepId, type StepOutcome, type StepReport } from "./report.ts";

export interface StepListener {
  /** A step has begun. */
  readonly begin: (step: StepId) => void;
  /** A step has ended, in the order of `STEPS`. */
  readonly end: (report: StepReport) => void;
}

/** Keeps the account of one run: each step ends once, with a word for a person. */
export interface StepRecorder {
  /** Runs part of a step and counts its time. A step that throws ends as failed. */
  time<T>(step: StepId, work: () => Promise<T>): Promise<T>;
  done(step: StepId, outcome: StepOutcome, detail: string): void;
  /** Ends every step that has not ended yet as skipped. */
  skipRest(detail: string): void;
  readonly reports: readonly StepReport[];
}

export function stepRecorder(clock: Clock, listener: StepListener): StepRecorder {
  const spent = new Map<StepId, number>();
  const reports: StepReport[] = [];
  const isDone = (step: StepId) => reports.some((report) => report.step === step);

  function done(step: StepId, outcome: StepOutcome, detail: string): void {
    if (isDone(step)) return;
    const report = { step, outcome, detail, ms: spent.get(step) ?? 0 };
    reports.push(report);
    listener.end(report);
  }

  return {
    reports,
    done,
    async time(step, work) {
      listener.begin(step);
      const began = clock.now().getTime();
      const before = spent.get(step) ?? 0;
      const [outcome] = await Promise.allSettled([work()]);
      spent.set(step, before + clock.now().getTime() - began);
      if (outcome.status === "fulfilled") return outcome.value;
      done(step, "failed", outcome.reason instanceof Error ? outcome.reason.message : String(outcome.reason));
      throw outcome.reason;
    },
    skipRest(detail) {
      for (const step of STEPS) if (!isDone(step)) done(step, "skipped", detail);
    },
  };
}
