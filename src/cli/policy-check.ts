import type { Command } from "commander";
import { openDialect } from "../clouds/index.ts";
import { KeygrantError } from "../core/errors.ts";
import type { Accessor, KeyKind, VendorCloudPolicy } from "../core/model.ts";
import { action, type Finish, type Invocation } from "./command.ts";
import { EXIT } from "./exit.ts";
import type { Host } from "./host.ts";
import { printing } from "./options.ts";

interface Options {
  readonly output: "text" | "json";
  readonly quiet: boolean;
  readonly color: boolean;
}

export function policyCheckCommand(parent: Command, host: Host, finish: Finish): void {
  const command = parent
    .command("check")
    .summary("hold a vendor's policy file against its schema")
    .description(
      "Checks a file like policies/<vendor>/<cloud>.json: its schema, its patterns against their examples, and that every\n" +
        "grant in it can be printed. Such a file, in a folder given with --policies, is a vendor of your own.",
    )
    .argument("<file>", "a policy file");
  action<Options>(printing(command), host, finish, run);
}

async function run({ args, printer }: Invocation<Options>): Promise<number> {
  const [path = ""] = args;
  const { readPolicyFile } = await import("../io/policy-files.ts");
  const policy = await readPolicyFile(path);
  for (const kind of policy.key.kinds) await checkKind(path, policy, kind);
  const { vendor, cloud, source } = policy;
  const kinds = policy.key.kinds.map((kind) => kind.name);
  if (printer.json) printer.document({ schemaVersion: 1, file: path, vendor, cloud, kinds, source });
  else printer.data(`${path} is as it should be: ${vendor} on ${cloud}, ${kinds.join(" and ")} keys.`);
  return EXIT.ok;
}

/** The grant of a kind, filled in with the examples, as a reviewer would print it. */
async function checkKind(path: string, policy: VendorCloudPolicy, kind: KeyKind): Promise<void> {
  const { invalid } = await import("../io/policy-files.ts");
  const fields = Object.entries(policy.accessor.fields).map(([name, { example }]) => [name, example] as const);
  const accessor: Accessor = { cloud: policy.cloud, fields: Object.fromEntries(fields) };
  try {
    const dialect = await openDialect(policy.cloud, { scope: "key", noExport: false });
    dialect.checkAccessor(accessor, null, policy);
    const grant = { policy, accessors: [accessor] };
    for (const print of [dialect.print.json, dialect.print.terraform]) {
      print?.({ grant, kind, key: null, current: null, projects: [] });
    }
  } catch (error) {
    if (error instanceof KeygrantError) throw invalid(path, [`key.kinds, ${kind.name}: ${error.message}`], error);
    throw error;
  }
}
