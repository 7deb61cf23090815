import { defineConfig } from "vitest/config";
import { peggyVite } from "../../../build/peggy.ts";

export default defineConfig({
  root: new URL("../../..", import.meta.url).pathname,
  plugins: [peggyVite],
  test: { include: ["test/clouds/oci/**/*.test.ts"], testTimeout: 30_000, maxWorkers: 1 },
});
