import { type Command, InvalidArgumentError, Option } from "commander";
import { CLOUD_IDS } from "../clouds/index.ts";
import { examine, JOBS, type Job } from "../core/doctor.ts";
import type { CloudId, KeyRef } from "../core/model.ts";
import { doctorText } from "../report/doctor.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { exitOfDoctor } from "./exit.ts";
import type { Host } from "./host.ts";
import { type CommonOptions, common, type LocatingOptions, locating, several } from "./options.ts";
import type { Session } from "./session.ts";

interface Options extends CommonOptions, LocatingOptions {
  readonly project: readonly string[];
  readonly for: readonly Job[];
  readonly lookOnly: boolean;
}

const EXIT_CODES = `
Exit codes:
  0   everything passes, or was skipped and is not needed
  2   credentials are missing or not taken, or the clock is off
  3   a permission is missing
  12  something could not be looked at

How it asks: by calls that look; by DryRun (AWS) and testIamPermissions (Google);
by a write that is made to be refused (AWS, OCI) and, OCI having nothing else, by
encrypting random bytes. --look-only leaves writes and uses out.`;

export function doctorCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("doctor")
    .summary("can I do all of this from here? credentials, clock, endpoints, permissions")
    .description(
      "Says what can be done from here with the credentials that are found. Without a key: the vendor's token, and for " +
        "each cloud whose the credentials are, the clock and the endpoints. With one: every permission too. Changes nothing.",
    )
    .argument("[key]", "a key reference: only its cloud is looked at, with each permission that it needs")
    .option("-p, --project <name>", "the vendor's project; repeatable (default: AIVEN_PROJECT)", several, [])
    .addOption(
      new Option("--for <job>", "only what this needs; repeatable")
        .choices(JOBS)
        .argParser((word: string, before: readonly Job[] = []) => [...before, jobOf(word)])
        .default([], "all"),
    )
    .option("--look-only", "send nothing that counts as a write or as a use of the key", false)
    .addHelpText("after", EXIT_CODES);
  locating(common(command));
  sessionAction<Options>(command, host, finish, run);
}

function jobOf(word: string): Job {
  const job = JOBS.find((one) => one === word);
  if (job !== undefined) return job;
  throw new InvalidArgumentError(`Use one of: ${JOBS.join(", ")}.`);
}

async function run({ args, options, printer, host }: Invocation<Options>, session: Session): Promise<number> {
  const [reference] = args;
  const key = reference === undefined ? null : session.parseKey(reference, options);
  const done = printer.busy("asking");
  try {
    const report = await examine(
      {
        clock: host.clock,
        vendor: { id: options.vendor, open: async () => (await session.openVendor()).checkup ?? null },
        clouds: cloudsOf(options.cloud).map((id) => ({ id, open: () => checkupOf(session, id, key) })),
        reach: (url) => session.reach(url),
      },
      {
        key,
        projects: projectsOf(options.project, session),
        jobs: new Set(options.for.length === 0 ? JOBS : options.for),
        lookOnly: options.lookOnly,
      },
    );
    done();
    for (const note of session.notes) printer.note(note);
    if (printer.json) printer.document(report);
    else printer.data(doctorText(report, printer.paint));
    return exitOfDoctor(report);
  } finally {
    done();
  }
}

function cloudsOf(given: CloudId | undefined): readonly CloudId[] {
  return given === undefined ? CLOUD_IDS : [given];
}

async function checkupOf(session: Session, id: CloudId, key: KeyRef | null) {
  const cloud = key === null ? await session.openCloudOf(id) : await session.openCloud(key);
  return cloud.checkup ?? null;
}

/** None is no mistake: then the project is what cannot be asked about. */
function projectsOf(given: readonly string[], session: Session): readonly string[] {
  const fallback = session.environment.env["AIVEN_PROJECT"];
  if (given.length > 0) return [...new Set(given)];
  return fallback ? [fallback] : [];
}
