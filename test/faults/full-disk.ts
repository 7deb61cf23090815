import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { OnRequest } from "../../src/sandbox/index.ts";
import { judgedAround } from "./around.ts";
import { type Built, openForBuilt, startBuilt } from "./built.ts";
import type { Outcome } from "./judged.ts";
import { isWrite } from "./kinds.ts";
import { before, callOf, endsWell, type Stage } from "./stage.ts";

const run = promisify(execFile);

/** When the disk is full: from the start, or from the first write on, which has its backup by then. */
export const WHEN = ["from the start", "from the first write on"] as const;

export interface FullDisk {
  readonly stage: Stage;
  readonly when: (typeof WHEN)[number];
}

export function fullDisksOf(stage: Stage): readonly FullDisk[] {
  const writes = stage.calls.some((call) => isWrite(stage.subject, call));
  return WHEN.filter((when) => when === "from the start" || writes).map((when) => ({ stage, when }));
}

/** A limit on the size of files is as good as a full disk, needs no other disk, and can be set on a running process. */
const FULL = ["sh", "-c", 'ulimit -f 0; exec "$0" "$@"'];

/** The built command where nothing more can be written, and then the same command again where it can. */
export async function attemptFullDisk({ stage, when }: FullDisk): Promise<Outcome> {
  const { subject } = stage;
  let built: Built | null = null;
  let isFull = when === "from the start";
  const onRequest: OnRequest = async (request, phase) => {
    const pid = built?.child.process.pid;
    if (isFull || pid === undefined || request.inside || phase !== "before") return undefined;
    if (!isWrite(subject, callOf(request))) return undefined;
    isFull = true;
    await run("prlimit", ["--pid", String(pid), "--fsize=0"]);
    return undefined;
  };
  await using world = await openForBuilt(stage, onRequest);
  const was = before(stage, world);
  built = startBuilt(was.args, world, {}, isFull ? FULL : []);
  const outcome = judgedAround(stage, await built.result, subject.granted(world));
  built = null;
  await endsWell(stage, world, was);
  return outcome;
}
