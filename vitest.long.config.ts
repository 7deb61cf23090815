import { defineConfig } from "vitest/config";
import { peggyPlugin } from "./build/peggy.ts";

/** What takes long and is measured: run before a release, one after the other. */
export default defineConfig({
  plugins: [peggyPlugin],
  test: {
    include: ["test/long/**/*.test.ts"],
    globalSetup: ["test/build.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ["verbose"],
  },
});
