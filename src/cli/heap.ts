import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** How large young space may become, in bytes: as long as it takes for most of what a look needs to be done with. */
const YOUNG_SPACE = 8 * 2 ** 20;

/** Where the flags are known to exist: V8 prints an error on stderr for one that it has not, and does not throw. */
const TRIED_NODE_MAJORS = [22, 24];

/**
 * What keeps the heap of a long `validate` near what is in use. V8's own pace lets garbage pile up while a fleet goes
 * by: old space grows by halves, and young space doubles as it fills, up to 64 MiB. Here old space grows by tenths, and
 * young space stops early. Not as early as it could: when it is too small for what is under way, old space fills with
 * what is soon garbage, and that costs processor time. For the same reason nothing here keeps code from being optimised.
 *
 * Of the whole process, for good: for the command, never for whoever imports the library.
 */
export function keepHeapSmall(nodeVersion = process.versions.node): void {
  const [major = 0] = nodeVersion.split(".").map(Number);
  if (!TRIED_NODE_MAJORS.includes(major)) return;
  setFlagsFromString("--heap-growing-percent=10");
  // V8 takes a limit for young space only when it starts; how fast it grows it looks up each time.
  const observer = new PerformanceObserver(() => {
    if (youngSpace() < YOUNG_SPACE) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    observer.disconnect();
  });
  observer.observe({ entryTypes: ["gc"] });
}

function youngSpace(): number {
  return getHeapSpaceStatistics().find((one) => one.space_name === "new_space")?.space_size ?? 0;
}
