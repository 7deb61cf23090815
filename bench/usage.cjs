// Loaded before the command: leaves what it used where a bench asks for it.
const { readFileSync, writeFileSync } = require("node:fs");

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeFileSync(
    process.env.KEYGRANT_BENCH_USAGE,
    JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1_000, peakKib: peak() ?? maxRSS }),
  );
});

// What resourceUsage says begins with the peak of whoever started the process; Linux tells the process's own.
function peak() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return null;
  }
}
