import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/**
 * What keeps the heap of a long `validate` near what is in use, without paying for it in processor time. V8's own pace
 * lets garbage pile up while a fleet goes by: young space doubles up to 128 MiB as it fills, old space grows by halves.
 *
 * Young space is given its size at once and keeps it. Were it small, most of what a key needs for the time of a call
 * would be taken for old before its call is answered, and collecting the old costs a walk over everything. Nothing is
 * taken from the compiler either: code that is not optimised costs more than the memory that it saves.
 */
const YOUNG_BYTES = 32 * 2 ** 20;
/** How much more than what was in use after the last collection old space may hold before the next one. */
const OLD_GROWTH = "--heap-growing-percent=70";

/** Where the flags are known to exist: V8 prints an error on stderr for one that it has not, and does not throw. */
const TRIED_NODE_MAJORS = [22, 24];

/** Of the whole process, for good: for the command, never for whoever imports the library. */
export function keepHeapSmall(nodeVersion = process.versions.node): void {
  const [major = 0] = nodeVersion.split(".").map(Number);
  if (!TRIED_NODE_MAJORS.includes(major)) return;
  fixYoungSpace();
  setFlagsFromString(OLD_GROWTH);
}

/** Its size is a flag at the start of a process only. Later it grows by a factor, when what survives would fill it. */
function fixYoungSpace(): void {
  const first = youngBytes();
  setFlagsFromString(`--semi-space-growth-factor=${Math.max(1, Math.round(YOUNG_BYTES / first))}`);
  // Each round outlives a collection. One is enough; a V8 that does otherwise is not waited for.
  for (let round = 0; round < MOST_ROUNDS && youngBytes() === first; round++) survivors();
  setFlagsFromString("--semi-space-growth-factor=1");
}

const MOST_ROUNDS = 8;

function youngBytes(): number {
  return getHeapSpaceStatistics().find((one) => one.space_name === "new_space")?.space_size ?? YOUNG_BYTES;
}

function survivors(): readonly unknown[] {
  return Array.from({ length: 2_000 }, () => new Array(100).fill(0));
}
