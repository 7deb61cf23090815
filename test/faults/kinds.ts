import { FAULT_KINDS, type FaultKind } from "../../src/sandbox/index.ts";
import type { Stage } from "./stage.ts";
import type { Subject } from "./subjects.ts";

/** One fault at one call of one command: the first time, or every time. */
export interface Fault {
  readonly call: string;
  readonly kind: FaultKind;
  readonly often: Often;
}
export type Often = "once" | "ever";

/** Kinds that a client can tell apart, if at all, by their words alone. */
export const CLASSES: readonly (readonly FaultKind[])[] = [
  ["429", "throttle"],
  ["500", "503", "html", "reset"],
  ["garbage", "malformed", "ok-error", "redirect"],
  ["expired"],
  ["hang", "drip"],
  ["lost", "504", "truncated", "retyped"],
];

/** What changes something, as the providers call it. */
const WRITES =
  /^(PutKeyPolicy|RevokeGrant|SetIamPolicy|(Create|Update|Delete)Policy|CMK(Create|Update|Delete)|ServiceUpdate)$/;

/** `doctor` makes no write but such as are refused: they only look. */
export function isWrite({ command }: Pick<Subject, "command">, call: string): boolean {
  return command !== "doctor" && WRITES.test(call);
}

/**
 * Every kind at a call that writes, once and for ever. At a call that looks one kind of each class, once or for ever by
 * turns: the kinds go round from call to call, so that each is met.
 */
export function faultsFor({ subject, calls }: Pick<Stage, "subject" | "calls">, turn: number): readonly Fault[] {
  return calls.flatMap((call, index): readonly Fault[] => {
    if (isWrite(subject, call)) {
      return FAULT_KINDS.flatMap((kind) => [{ call, kind, often: "once" } as const, { call, kind, often: "ever" }]);
    }
    const at = turn + index;
    return CLASSES.flatMap((kinds, which): readonly Fault[] => {
      const kind = kinds[Math.floor(at / 2) % kinds.length];
      return kind === undefined ? [] : [{ call, kind, often: (at + which) % 2 === 0 ? "once" : "ever" }];
    });
  });
}

/** Every kind at every call, once and for ever. */
export function everyFault({ calls }: Pick<Stage, "calls">): readonly Fault[] {
  return calls.flatMap((call) =>
    FAULT_KINDS.flatMap((kind): readonly Fault[] => [
      { call, kind, often: "once" },
      { call, kind, often: "ever" },
    ]),
  );
}
