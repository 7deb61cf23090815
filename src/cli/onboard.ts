import type { Command } from "commander";
import { type OnboardOptions, onboard } from "../core/onboard.ts";
import type { Config } from "../io/config.ts";
import { onboardText } from "../report/text.ts";
import { onlyPlans } from "./approve.ts";
import type { Finish, Invocation } from "./command.ts";
import { pinsFor } from "./configured.ts";
import { exitOfOnboard } from "./exit.ts";
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
import { several } from "./options.ts";
import type { Session } from "./session.ts";

interface Options extends LettingInOptions {
  readonly default: boolean;
  readonly replacePrincipal: readonly string[];
}

export function onboardCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("onboard")
    .summary("grant, prove and register one key, in seven steps")
    .description(
      'Takes a key from "exists" to "registered and usable", or says exactly what stands in the way.\n' +
        "Shows the plan with a diff before anything is written. Safe to run again: what is done already stays as it is.",
    )
    .argument("<key>", "a key reference, such as an AWS key ARN")
    .option("--default", "make the key the project's default for new services", false)
    .option("--replace-principal <old>", "take this principal out of our own statement; repeatable", several, []);
  lettingInAction<Options>(lettingIn(command), host, finish, run);
}

async function run(invocation: Invocation<Options>, session: Session, config: Config): Promise<number> {
  const { args, options, printer } = invocation;
  const key = session.parseKey(args[0] ?? "", options);
  const project = oneProject(options, session, "onboard");
  const policy = session.policyFor(key.cloud);
  const more = { default: options.default, "replace-principal": options.replacePrincipal };
  const { deps, talk } = await lettingInDeps(invocation, session, (proposal) =>
    lettingInWords(proposal, [proposal.key.id], options, more),
  );
  const asked: OnboardOptions = {
    ...lettingInAsked(options, project, pinsFor(options, config, { project, key })),
    default: options.default,
    replacePrincipals: options.replacePrincipal,
  };
  const cloud = await session.openCloud(key);
  const report = await onboard(key, asked, { ...deps, cloud, policy }).finally(talk.quiet);
  if (printer.json) printer.document(report);
  else printer.data(onboardText(report, printer.paint));
  return exitOfOnboard(report, onlyPlans(options));
}
