import { type Command, InvalidArgumentError, Option } from "commander";
import type { AssessOptions } from "../core/assess.ts";
import { UNITS } from "../core/duration.ts";
import { codeEntry, type FindingCode, isCode } from "../core/findings.ts";
import type { FieldValues } from "../core/trust.ts";
import { duration, fieldValue, type LocatingOptions, locating } from "./options.ts";

export interface AssessingOptions extends LocatingOptions {
  readonly probe: "required" | "auto" | "off";
  readonly probeRole?: string;
  readonly accept: readonly FindingCode[];
  readonly require?: "vendor";
  /** Milliseconds. */
  readonly wait?: number;
  readonly expectAccessor: FieldValues;
}

/** The options of commands that come to a verdict about a key. */
export function assessing(command: Command, probe: AssessingOptions["probe"]): Command {
  return locating(command)
    .addOption(
      new Option("--probe <mode>", "the encrypt/decrypt round trip with your own credentials")
        .choices(["required", "auto", "off"])
        .default(probe),
    )
    .option(
      "--probe-role <arn>",
      "whom to become for the round trip: an AWS role, a Google service account, an OCI profile",
    )
    .option("--accept <code>", "take this unknown as good; repeatable", codes, [])
    .addOption(new Option("--require <assurance>", "policy alone is not enough for VALID").choices(["vendor"]))
    .option("--wait <duration>", "the time that a new grant may take to be seen everywhere (AWS: 5m)", window)
    .option("--expect-accessor <name=value>", "refuse any other principal than this; repeatable", fieldValue, {});
}

const WARN_BEFORE_MS = 30 * UNITS.d;

/** The command line's words as the use cases want them. */
export function assessOptions(options: AssessingOptions): AssessOptions {
  return {
    probeMode: options.probe,
    probeAs: options.probeRole ?? null,
    accept: new Set(options.accept),
    requireVendor: options.require === "vendor",
    warnBeforeMs: WARN_BEFORE_MS,
    waitMs: options.wait ?? null,
  };
}

/** Within it a missing grant is no failure, so that it has to end some day: a group's members may take hours. */
function window(text: string): number {
  const ms = duration(text);
  if (ms > LONGEST_WINDOW_MS) throw new InvalidArgumentError("Give 24h at most.");
  return ms;
}

const LONGEST_WINDOW_MS = UNITS.d;

function codes(text: string, before: readonly FindingCode[]): readonly FindingCode[] {
  if (!isCode(text)) throw new InvalidArgumentError("There is no such code; `keygrant explain` lists them.");
  const { outcome } = codeEntry(text);
  if (outcome !== "unknown") {
    throw new InvalidArgumentError(
      `It is a ${outcome === "fail" ? "failure" : "warning"}: only an unknown can be taken as good.`,
    );
  }
  return [...before, text];
}
