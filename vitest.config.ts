import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/long/**"],
    // The command itself is tried as a child process too: it is built once, before anything else.
    globalSetup: ["test/build.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
