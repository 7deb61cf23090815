import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

it("every bench runs", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bench/run.ts", "--smoke"], { encoding: "utf8" });
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.match(/^## .*$/gm)?.length).toBeGreaterThanOrEqual(4);
});
