// Loaded before the command: leaves what it used where a bench asks for it.
process.on("exit", () =>
  require("node:fs").writeFileSync(process.env.KEYGRANT_BENCH_USAGE, JSON.stringify(process.resourceUsage())),
);
