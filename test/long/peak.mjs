import { writeFileSync } from "node:fs";

// Loaded before the command: leaves its peak of memory, in KiB, where a test asks for it.
process.on("exit", () => writeFileSync(process.env.KEYGRANT_TEST_PEAK, String(process.resourceUsage().maxRSS)));
