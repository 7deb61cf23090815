import { type Fault, faultsFor, isWrite } from "./kinds.ts";
import type { Stage } from "./stage.ts";

export interface Selected {
  readonly stage: Stage;
  readonly fault: Fault;
}

/** Of each command as many of its trials as are asked for: those of a write first, then what was met least so far. */
export function selectionOf(stages: readonly Stage[], each: number): readonly Selected[] {
  const met = new Map<string, number>();
  const times = (word: string) => met.get(word) ?? 0;
  const rarity = ({ call, kind, often }: Fault) => times(call) + times(kind) + times(`${kind} ${often}`);
  return stages.flatMap((stage) => {
    const left = [...faultsFor(stage)];
    return Array.from({ length: Math.min(each, left.length) }, (_, index) => {
      const writes = left.filter(({ call }) => isWrite(stage.subject, call));
      const among = index === 0 && writes.length > 0 ? writes : left;
      const fault = among.reduce((best, one) => (rarity(one) < rarity(best) ? one : best));
      left.splice(left.indexOf(fault), 1);
      for (const word of [fault.call, fault.kind, `${fault.kind} ${fault.often}`]) met.set(word, times(word) + 1);
      return { stage, fault };
    });
  });
}
