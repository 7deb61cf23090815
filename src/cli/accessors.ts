import type { Command } from "commander";
import { LookError } from "../core/errors.ts";
import type { Accessor, CloudId } from "../core/model.ts";
import { plainText } from "../core/text.ts";
import type { Vendor } from "../core/vendor.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { EXIT } from "./exit.ts";
import type { Host } from "./host.ts";
import { type CommonOptions, common, locating, several } from "./options.ts";
import { projectsOf, type Session } from "./session.ts";

interface Options extends CommonOptions {
  readonly project: readonly string[];
  readonly cloud?: CloudId;
  readonly region?: string;
}

interface ProjectAccessors {
  readonly vendor: string;
  readonly project: string;
  readonly cloud: CloudId;
  readonly accessors: readonly Accessor[];
}

export function accessorsCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("accessors")
    .summary("the vendor's principals, per cloud")
    .description("Asks the vendor which principals a key must let in. Changes nothing and remembers nothing.")
    .option("-p, --project <name>", "the vendor's project; repeatable (default: AIVEN_PROJECT)", several, []);
  locating(common(command));
  sessionAction<Options>(command, host, finish, run);
}

async function run({ options, printer }: Invocation<Options>, session: Session): Promise<number> {
  const projects = projectsOf(options.project, session);
  const vendor = await session.openVendor();
  const clouds = options.cloud === undefined ? vendor.clouds : [options.cloud];
  const named = (await Promise.all(projects.map((project) => ask(vendor, project, clouds, options.region)))).flat();
  if (printer.json) printer.document({ schemaVersion: 1, accessors: named });
  else for (const answer of named) printer.data(text(answer));
  if (named.length === 0) printer.note(`${vendor.id} names no principal for ${projects.join(", ")}.`);
  return EXIT.ok;
}

/** A cloud for which the vendor names nobody is left out; when that is every cloud, the first reason is thrown. */
async function ask(
  vendor: Vendor,
  project: string,
  clouds: readonly CloudId[],
  region: string | undefined,
): Promise<readonly ProjectAccessors[]> {
  const reasons: LookError[] = [];
  const answers = await Promise.all(
    clouds.map(async (cloud): Promise<ProjectAccessors> => {
      const about = { vendor: vendor.id, project, cloud };
      try {
        const answer = await vendor.accessors({ project, cloud, region: region ?? null });
        return { ...about, accessors: "accessors" in answer ? answer.accessors : [] };
      } catch (error) {
        if (!(error instanceof LookError) || error.code !== "look.unsupported") throw error;
        reasons.push(error);
        return { ...about, accessors: [] };
      }
    }),
  );
  const named = answers.filter((answer) => answer.accessors.length > 0);
  const [reason] = reasons;
  if (named.length === 0 && reason !== undefined) throw reason;
  return named;
}

function text({ project, cloud, accessors }: ProjectAccessors): string {
  return accessors
    .flatMap((accessor) => Object.entries(accessor.fields))
    .map(([name, value]) => [project, cloud, name, value].map((word) => plainText(word, 512)).join("  "))
    .join("\n");
}
