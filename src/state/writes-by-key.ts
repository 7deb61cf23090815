import { stampOf } from "./files.ts";
import { readWrites, type WriteLine } from "./write-log.ts";

/** As much of a line as says what was written last. */
type Written = Pick<WriteLine, "event" | "at" | "want" | "accessors" | "revisionsBefore">;

/** The lines of the log of writes, oldest first, by the key's id. */
export type WritesByKey = ReadonlyMap<string, readonly Written[]>;

/**
 * The log of writes as it is when it is asked for. Over a fleet it is asked for with every key: whoever asks at the same
 * time shares one look at the file, and it is read again only when it is not the file that was read.
 */
export function writesByKey(path: string): () => Promise<WritesByKey> {
  let known: { readonly stamp: string; readonly writes: WritesByKey } | null = null;

  return shared(async () => {
    // Before it is read: what is added meanwhile makes the next look read it again.
    const stamp = stampOf(path) ?? "";
    if (known?.stamp !== stamp) known = { stamp, writes: stamp === "" ? new Map() : byKey(await readWrites(path)) };
    return known.writes;
  });
}

function byKey(lines: readonly WriteLine[]): WritesByKey {
  const all = new Map<string, Written[]>();
  for (const { key, event, at, want, accessors, revisionsBefore } of lines) {
    const mine = all.get(key) ?? [];
    all.set(key, mine);
    mine.push({
      ...{ event, at },
      ...(want === undefined ? {} : { want }),
      ...(accessors === undefined ? {} : { accessors }),
      ...(revisionsBefore === undefined ? {} : { revisionsBefore }),
    });
  }
  return all;
}

/** One piece of work at a time. Whoever asks while it goes on gets the next one's result: none began before the asking. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | null = null;
  return () => {
    if (next !== null) return next;
    const begin = () => {
      next = null;
      return work();
    };
    next = running.then(begin, begin);
    running = next;
    return next;
  };
}
