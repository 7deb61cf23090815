import { defineConfig } from "vitest/config";
import { peggyPlugin } from "./build/peggy.ts";

/** Programs that nobody here wrote: the AWS CLI, moto's server. What the machine lacks is skipped, and said. */
export default defineConfig({
  plugins: [peggyPlugin],
  test: {
    include: ["test/interop/**/*.test.ts"],
    globalSetup: ["test/build.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["verbose"],
  },
});
