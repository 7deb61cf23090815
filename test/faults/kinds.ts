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

/** What changes something, as the providers call it. */
const WRITES =
  /^(PutKeyPolicy|RevokeGrant|SetIamPolicy|(Create|Update|Delete)Policy|CMK(Create|Update|Delete)|ServiceUpdate)$/;

/** `doctor` makes no write but such as are refused: they only look. */
export function isWrite({ command }: Pick<Subject, "command">, call: string): boolean {
  return command !== "doctor" && WRITES.test(call);
}

/** Every kind at every call, once and for ever. */
export function faultsFor({ calls }: Pick<Stage, "calls">): readonly Fault[] {
  return calls.flatMap((call) =>
    FAULT_KINDS.flatMap((kind): readonly Fault[] => [
      { call, kind, often: "once" },
      { call, kind, often: "ever" },
    ]),
  );
}
