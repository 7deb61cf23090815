import type { Command } from "commander";
import { usageError } from "../core/errors.ts";
import type { KeyRef } from "../core/model.ts";
import { rotate } from "../core/rotate/rotate.ts";
import type { Config } from "../io/config.ts";
import { rotateText } from "../report/rotate.ts";
import type { Finish, Invocation } from "./command.ts";
import { pinsFor } from "./configured.ts";
import { exitOfRotate } from "./exit.ts";
import type { Host } from "./host.ts";
import {
  type LettingInOptions,
  lettingIn,
  lettingInAction,
  lettingInAsked,
  lettingInDeps,
  lettingInWords,
  oneProject,
} from "./letting-in.ts";
import { duration, positiveInteger } from "./options.ts";
import { givenKey, type Session } from "./session.ts";

interface Options extends LettingInOptions {
  readonly parallel: number;
  /** Milliseconds. */
  readonly serviceTimeout?: number;
}

export function rotateCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("rotate")
    .summary("new key in, services moved, old key out")
    .description(
      "Onboards the new key, takes over the default, moves each service, and deregisters the old key once nobody is on it.\n" +
        "Shows the whole plan first. The old grant stays: old backups may need it. Safe to stop and to run again.",
    )
    .argument("<old>", "the old key: a CMK id or a key reference")
    .argument("<new>", "the new key: a CMK id or a key reference")
    .option("--parallel <n>", "services that are moved at once", positiveInteger, 1)
    .option(
      "--service-timeout <duration>",
      "how long a service may take to settle on the new key (default: 30m)",
      duration,
    );
  lettingInAction<Options>(lettingIn(command), host, finish, run);
}

const SERVICE_TIMEOUT_MS = 1_800_000;

async function run(invocation: Invocation<Options>, session: Session, config: Config): Promise<number> {
  const { args, options, printer } = invocation;
  const [old, next] = args.map((text) => givenKey(text, options, session));
  if (old === undefined || next === undefined) {
    throw usageError("usage.arguments", "Two keys are needed.", "Name the old key, then the new one.");
  }
  const project = oneProject(options, session, "rotate");
  const more = { parallel: String(options.parallel) };
  const { deps, talk } = await lettingInDeps(invocation, session, (proposal) =>
    lettingInWords(proposal, args, options, more),
  );
  const openFor = async (key: KeyRef) => ({
    cloud: await session.openCloud(key),
    policy: session.policyFor(key.cloud),
    expectAccessor: pinsFor(options, config, { project, key }),
  });
  const asked = {
    ...lettingInAsked(options, project, {}),
    parallel: options.parallel,
    serviceTimeoutMs: options.serviceTimeout ?? SERVICE_TIMEOUT_MS,
  };
  const progress = (service: string, what: string) => printer.note(`${service}: ${what}`);
  const report = await rotate({ old, next }, asked, { ...deps, progress }, openFor).finally(talk.quiet);
  if (printer.json) printer.document(report);
  else printer.data(rotateText(report, printer.paint));
  return exitOfRotate(report);
}
