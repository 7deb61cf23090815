import { defineConfig } from "vitest/config";
import { peggyPlugin } from "./build/peggy.ts";

/** Tests that start the built command as a child process. */
const COMMAND = [
  "test/cli/{start,streams,kill,fleet-kill,signals,sandbox-start,home,full-disk,clock-skew}.test.ts",
  "test/supply.test.ts",
];

export default defineConfig({
  plugins: [peggyPlugin],
  test: {
    setupFiles: ["test/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "source",
          include: ["test/**/*.test.ts"],
          exclude: [...COMMAND, "test/interop/**", "test/long/**"],
        },
      },
      {
        extends: true,
        // Built once, before anything else, from the sources as they are.
        test: { name: "command", include: COMMAND, globalSetup: ["test/build.ts"] },
      },
    ],
  },
});
