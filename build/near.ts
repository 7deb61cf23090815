import { basename, dirname, resolve } from "node:path";
import { type ChunkingContext, type CodeSplittingNameFunction, RUNTIME_MODULE_ID } from "rolldown";
import { REQUIRE } from "./first-use.ts";

/** How many commands must need a module before all of them get it. */
const FEW = 3;

/**
 * Which modules go into one file: what every command starts from, what a few of them share, and what a cloud's policies
 * are written with. To find and open a file takes Node about a millisecond, a thirtieth of its own start, and to read
 * past functions that nobody calls takes far less.
 */
export function near(): CodeSplittingNameFunction {
  let files: ReadonlyMap<string, string> | undefined;
  return (id, context) => {
    files ??= filesOf(context);
    return files.get(id) ?? null;
  };
}

function filesOf(context: ChunkingContext): ReadonlyMap<string, string> {
  const commands = startedBy("src/cli/commands.ts", context);
  const dialects = startedBy("src/clouds/index.ts", context).filter((id) => id.endsWith("dialect.ts"));
  const first = needsOf(resolve("src/cli/start.ts"), context);
  const start = [...first, ...shared(dialects, 2, context), RUNTIME_MODULE_ID, REQUIRE];
  const others = shared(commands, FEW, context);
  const spoken = dialects.flatMap((id) =>
    [...needsOf(id, context)].map((one) => [one, basename(dirname(id))] as const),
  );
  return new Map([
    ...spoken,
    ...others.map((id) => [id, "common"] as const),
    ...start.map((id) => [id, "start"] as const),
  ]);
}

/** What a module imports when it needs it. */
function startedBy(path: string, context: ChunkingContext): readonly string[] {
  return context.getModuleInfo(resolve(path))?.dynamicallyImportedIds ?? [];
}

/** What so many of them need. */
function shared(starts: readonly string[], many: number, context: ChunkingContext): readonly string[] {
  const counts = new Map<string, number>();
  for (const start of starts) {
    for (const id of needsOf(start, context)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count >= many).map(([id]) => id);
}

/** The module and all that must be loaded before it can run. */
function needsOf(start: string, context: ChunkingContext): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    waiting.push(...(context.getModuleInfo(id)?.importedIds ?? []));
  }
  return found;
}
