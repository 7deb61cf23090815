import { once } from "node:events";
import type { Command } from "commander";
import { Option } from "commander";
import { CLOUD_IDS } from "../clouds/index.ts";
import type { CloudId } from "../core/model.ts";
import type { FieldValues } from "../core/trust.ts";
import type { Sandbox } from "../sandbox/index.ts";
import { action, type Finish, type Invocation } from "./command.ts";
import { EXIT } from "./exit.ts";
import type { Host } from "./host.ts";
import { type CommonOptions, duration, fieldValue, portNumber, printing, several } from "./options.ts";
import { sandboxFolder } from "./session.ts";

type Options = Pick<CommonOptions, "output" | "quiet" | "color">;

interface StartOptions extends Options {
  readonly port: number;
  readonly envFile?: string;
  readonly as: "owner" | "auditor";
  readonly latency: number;
  readonly propagation: number;
  readonly fault: readonly string[];
  readonly vendorAwsEndpoint?: string;
  readonly accessCheck: "honest" | "always-200" | "absent";
}

interface ProjectOptions extends Options {
  readonly cloud: CloudId;
  readonly accessor: FieldValues;
}

export function sandboxCommand(program: Command, host: Host, finish: Finish): void {
  const sandbox = program
    .command("sandbox")
    .summary("the embedded vendor and clouds, on loopback")
    .description("Aiven and AWS KMS, imitated on 127.0.0.1 from the vendors' own pages, to play and to test with.");
  action<StartOptions>(startCommand(sandbox), host, finish, runStart);
  const reset = sandbox.command("reset").description("make the world new, and forget what keygrant remembers of it");
  action<Options>(printing(reset), host, finish, runReset);
  const keys = sandbox.command("keys").description("list the keys of a fresh world, and what is wrong with each");
  action<Options>(printing(keys), host, finish, runKeys);
  const project = sandbox
    .command("project")
    .description("create a project, or change the principal that the sandbox's Aiven names for it")
    .argument("<name>")
    .addOption(new Option("--cloud <id>", "whose principal").choices(CLOUD_IDS).default("aws"))
    .requiredOption("--accessor <name=value>", "a field of the principal; repeatable", fieldValue);
  action<ProjectOptions>(printing(project), host, finish, runProject);
}

function startCommand(sandbox: Command): Command {
  const start = sandbox
    .command("start")
    .description("keep a sandbox running, for other programs too, until it is stopped")
    .option("--port <number>", "the port on 127.0.0.1 (0: any free one)", portNumber, 0)
    // Node takes --env-file for its own wherever it stands after `node` or `npx`: -e gets through everywhere.
    .option("-e, --env-file <file>", "write what a child needs to use it as KEY=value lines, once it listens")
    .addOption(
      new Option("--as <who>", "who that child is: the auditor may look at keys, and nothing else")
        .choices(["owner", "auditor"])
        .default("owner"),
    )
    .option("--latency <duration>", "hold every answer back", duration, 0)
    .option(
      "--propagation <duration>",
      "how long reads after a write may be old, and the vendor's view late",
      duration,
      0,
    )
    .option("--fault <kind=rate>", "let requests fail: throttle=0.1, reset=1@Encrypt, …; repeatable", several, [])
    .option("--vendor-aws-endpoint <url>", "the AWS KMS that the vendor's side uses, without assuming a role")
    .addOption(
      new Option("--access-check <how>", "what the vendor's access_check answers for a key that it cannot use")
        .choices(["honest", "always-200", "absent"])
        .default("honest"),
    );
  return printing(start);
}

async function runStart({ host, options, printer }: Invocation<StartOptions>): Promise<number> {
  const { startSandbox, writeEnvFile } = await import("../sandbox/index.ts");
  const sandbox = await startSandbox({
    ...worldOf(host),
    mode: "serve",
    port: options.port,
    knobs: {
      latencyMs: options.latency,
      propagationMs: options.propagation,
      faults: options.fault,
      vendorAwsEndpoint: options.vendorAwsEndpoint ?? null,
      accessCheck: options.accessCheck,
    },
  });
  try {
    const { origin } = sandbox;
    const env = options.as === "owner" ? sandbox.env : sandbox.auditorEnv;
    if (options.envFile !== undefined) writeEnvFile(options.envFile, env);
    if (printer.json) printer.document({ schemaVersion: 1, origin, env });
    else printer.data(`The sandbox listens on ${origin}. Stop it with Ctrl-C.`);
    if (!host.interrupted.aborted) await once(host.interrupted, "abort");
  } finally {
    await sandbox.close();
  }
  return EXIT.ok;
}

async function runReset({ host, printer }: Invocation<Options>): Promise<number> {
  const { resetSandbox } = await import("../sandbox/index.ts");
  const dir = sandboxFolder(host);
  await resetSandbox(dir);
  if (printer.json) printer.document({ schemaVersion: 1, reset: dir });
  else printer.note(`The world in ${dir} is new again.`);
  return EXIT.ok;
}

async function runKeys({ printer }: Invocation<Options>): Promise<number> {
  const { sandboxKeys } = await import("../sandbox/index.ts");
  const keys = sandboxKeys();
  if (printer.json) printer.document({ schemaVersion: 1, keys });
  else {
    for (const key of keys) {
      printer.data(`${key.id}\n    ${printer.paint("bold", key.name)}: ${key.wrong ?? "nothing is wrong with it"}`);
      if (key.code !== null) printer.data(`    ${printer.paint("dim", `finding ${key.code}, exit code ${key.exit}`)}`);
    }
  }
  return EXIT.ok;
}

async function runProject({ args, host, options, printer }: Invocation<ProjectOptions>): Promise<number> {
  const { openSandbox, setProject } = await import("../sandbox/index.ts");
  const [name = ""] = args;
  const sandbox: Sandbox = await openSandbox({ ...worldOf(host), mode: "embedded" });
  try {
    await setProject(sandbox.origin, name, { [options.cloud]: options.accessor });
  } finally {
    await sandbox.close();
  }
  if (printer.json)
    printer.document({ schemaVersion: 1, project: name, cloud: options.cloud, accessor: options.accessor });
  else printer.note(`The sandbox's Aiven names this principal for ${name} from now on.`);
  return EXIT.ok;
}

function worldOf(host: Host) {
  const { clock, random, jitter } = host;
  return { dir: sandboxFolder(host), clock, random, jitter };
}
