import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { CLOUD_IDS, grantingRole, openDialect } from "../clouds/index.ts";
import { type CloudDialect, POLICY_FORMATS, type PolicyFormat, type PolicyText } from "../core/cloud.ts";
import { LookError, usageError } from "../core/errors.ts";
import { kindOf } from "../core/key-kind.ts";
import {
  type Accessor,
  type CloudId,
  type KeyFacts,
  type KeyKind,
  type KeyRef,
  unseen,
  type VendorCloudPolicy,
} from "../core/model.ts";
import { plainText } from "../core/text.ts";
import type { FieldValues } from "../core/trust.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { EXIT } from "./exit.ts";
import type { Host } from "./host.ts";
import {
  type CommonOptions,
  common,
  fieldValue,
  type GrantingOptions,
  granting,
  type LocatingOptions,
  locating,
  several,
} from "./options.ts";
import { policyCheckCommand } from "./policy-check.ts";
import { projectsOf, type Session } from "./session.ts";

interface Options extends CommonOptions, LocatingOptions, GrantingOptions {
  readonly project: readonly string[];
  readonly accessor: FieldValues;
  readonly format: PolicyFormat;
  readonly purpose?: string;
  readonly current?: string;
  readonly all: boolean;
  readonly out?: string;
  readonly policies?: string;
}

export function policyCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("policy")
    .summary("print what would be granted, for review or to apply by hand")
    .description(
      "Prints the exact grant. Needs no cloud credentials, and no vendor credentials either when the principal is\n" +
        "given with --accessor.",
    )
    .argument("[key]", "a key reference; without one, --cloud says which cloud")
    .option(
      "-p, --project <name>",
      "whose principal to ask the vendor for; repeatable (default: AIVEN_PROJECT)",
      several,
      [],
    )
    .option(
      "--accessor <name=value>",
      "the vendor's principal, in the vendor's field names; repeatable",
      fieldValue,
      {},
    )
    .addOption(
      new Option(
        "--format <format>",
        "json: the bare statement; document: the whole policy; cli: commands to paste; markdown: a change request",
      )
        .choices(POLICY_FORMATS)
        .default("json"),
    )
    .option("--purpose <name>", "which of the vendor's kinds of keys (default: what the live key is, else symmetric)")
    .option("--current <file>", "the policy as it is now, to add to: a file, - for standard input, live to read it")
    .option("--all", "every form, for every cloud unless one is named, into the folder --out", false)
    .option("--out <folder>", "where --all writes")
    .option("--policies <folder>", "vendors of your own: <folder>/<vendor>/<cloud>.json");
  granting(locating(common(command)));
  sessionAction<Options>(command, host, finish, run);
  // What stands behind `check` is for it.
  command.enablePositionalOptions();
  policyCheckCommand(command, host, finish);
}

async function run(invocation: Invocation<Options>, session: Session): Promise<number> {
  const { args, options, printer } = invocation;
  const key = args[0] === undefined ? null : session.parseKey(args[0], options);
  if (options.all !== (options.out !== undefined)) {
    throw usageError("usage.out", "--all and --out go together.", "Name the folder: --all --out DIR.");
  }
  const cloud = key?.cloud ?? options.cloud;
  if (options.out !== undefined) return runAll(invocation, session, key, options.out);
  if (cloud === undefined) {
    throw usageError("usage.cloud", "Neither a key nor a cloud was named.", "Give a key reference, or --cloud aws.");
  }
  const policy = await policyFor(options, session, cloud);
  const dialect = await openDialect(cloud, { scope: options.scope, noExport: !options.export });
  const print = dialect.print[options.format];
  if (print === undefined) {
    throw usageError(
      "usage.format",
      `Grants on ${cloud} have no form ${options.format}.`,
      `Use one of: ${Object.keys(dialect.print).join(", ")}.`,
    );
  }
  const text = await textFor(invocation, session, policy, key, dialect);
  const out = printed(() => print(text), options.current);
  if (!printer.json) printer.data(out);
  else {
    const { page, checked } = policy.source;
    printer.document({
      schemaVersion: 1,
      vendor: policy.vendor,
      cloud,
      format: options.format,
      source: { page, checked },
      text: out,
    });
  }
  return EXIT.ok;
}

/** All that is printed in one form or another, once the principals have been checked. */
async function textFor(
  invocation: Invocation<Options>,
  session: Session,
  policy: VendorCloudPolicy,
  key: KeyRef | null,
  dialect: CloudDialect,
): Promise<PolicyText> {
  const { options } = invocation;
  // Before anybody is asked: a purpose that there is not is wrong usage.
  const named = options.purpose === undefined ? null : kindNamed(options.purpose, policy);
  const { accessors, projects } = await accessorsFor(invocation, session, policy, key);
  for (const accessor of accessors) dialect.checkAccessor(accessor, key, policy);
  const live = options.current === "live" ? await readLive(session, key) : null;
  const current = live === null ? await givenDocument(invocation) : bodyOf(live);
  const kind = named ?? kindOfLive(live, policy) ?? kindNamed("symmetric", policy);
  return { grant: { policy, accessors }, kind, key, current, projects };
}

/** A vendor of the user's own comes first. */
async function policyFor(options: Options, session: Session, cloud: CloudId): Promise<VendorCloudPolicy> {
  if (options.policies === undefined) return session.policyFor(cloud);
  const { policyIn } = await import("../io/policy-files.ts");
  const own = await policyIn(options.policies, options.vendor, cloud);
  if (own === null) return session.policyFor(cloud);
  return options.role === undefined ? own : grantingRole(own, options.role);
}

/** Every form for the key's or the named cloud, or for each that the vendor takes keys on. */
async function runAll(
  invocation: Invocation<Options>,
  session: Session,
  key: KeyRef | null,
  folder: string,
): Promise<number> {
  const { options, printer } = invocation;
  const one = key?.cloud ?? options.cloud;
  const { writeAll } = await import("./policy-all.ts");
  const grants = await Promise.all(
    (one === undefined ? CLOUD_IDS : [one]).map(async (cloud) => {
      const policy = await policyFor(options, session, cloud);
      const dialect = await openDialect(cloud, { scope: options.scope, noExport: !options.export });
      return { dialect, text: await textFor(invocation, session, policy, key, dialect) };
    }),
  );
  const everyKind = options.purpose === undefined && options.current !== "live";
  const files = await writeAll(folder, grants, everyKind);
  if (printer.json) printer.document({ schemaVersion: 1, folder, files });
  else printer.data(files.map((file) => file.path).join("\n"));
  return EXIT.ok;
}

function kindNamed(name: string, policy: VendorCloudPolicy): KeyKind {
  const kind = policy.key.kinds.find((one) => one.name === name);
  if (kind !== undefined) return kind;
  const names = policy.key.kinds.map((one) => one.name).join(", ");
  throw usageError(
    "usage.purpose",
    `${policy.vendor} takes no ${name.slice(0, 60)} keys on ${policy.cloud}.`,
    `Use one of: ${names}.`,
  );
}

/** Given by hand, and then nobody is asked; else the vendor's own answer for each project. */
async function accessorsFor(
  { options }: Invocation<Options>,
  session: Session,
  policy: VendorCloudPolicy,
  key: KeyRef | null,
): Promise<{ readonly accessors: readonly Accessor[]; readonly projects: readonly string[] }> {
  const { cloud } = policy;
  if (Object.keys(options.accessor).length > 0) {
    return { accessors: [{ cloud, fields: givenFields(options.accessor, policy) }], projects: options.project };
  }
  const projects = projectsOf(options.project, session);
  const vendor = await session.openVendor();
  const region = key?.region ?? options.region ?? null;
  const answers = await Promise.all(projects.map((project) => vendor.accessors({ project, cloud, region })));
  const accessors = answers.flatMap((answer) => ("accessors" in answer ? answer.accessors : []));
  if (accessors.length > 0) return { accessors, projects };
  throw usageError(
    "vendor.no-accessor",
    `${vendor.id} names no principal for ${cloud} in ${projects.join(", ")}.`,
    "Give it with --accessor name=value, or ask the vendor.",
  );
}

/** What was given by hand has the fields of the vendor's principals: all of them, and no other. */
function givenFields(given: FieldValues, policy: VendorCloudPolicy): FieldValues {
  const fields = Object.keys(policy.accessor.fields);
  const stray = Object.keys(given).find((name) => !fields.includes(name));
  const missing = fields.find((name) => !Object.hasOwn(given, name));
  if (stray === undefined && missing === undefined) return given;
  const what = stray === undefined ? `${missing} is missing` : `there is no field "${plainText(stray, 60)}"`;
  const examples = Object.entries(policy.accessor.fields).map(([name, { example }]) => `--accessor ${name}=${example}`);
  throw usageError(
    "usage.accessor",
    `That is no principal of ${policy.vendor}'s on ${policy.cloud}: ${what}.`,
    `Give it like this: ${examples.join(" ")}`,
  );
}

/** A document that was handed in and cannot be read is whoever's who handed it in; one that was read is the cloud's. */
function printed(print: () => string, current: string | undefined): string {
  try {
    return print();
  } catch (error) {
    if (!(error instanceof LookError) || current === "live") throw error;
    throw usageError(
      "usage.current",
      `What was given with --current cannot be added to: ${error.message}.`,
      "Pass the present policy as the cloud gives it: the whole document, as JSON.",
      error,
    );
  }
}

/** The present document as it was handed in; null when none was. */
async function givenDocument({ host, options }: Invocation<Options>): Promise<string | null> {
  const { current } = options;
  if (current === undefined) return null;
  if (current !== "-") return readDocument(current);
  const { text } = await import("node:stream/consumers");
  return text(host.stdin);
}

async function readLive(session: Session, key: KeyRef | null): Promise<KeyFacts> {
  if (key === null) throw usageError("usage.current", "Only a key has a present policy.", "Name the key.");
  const cloud = await session.openCloud(key);
  return cloud.inspect(key, null);
}

function bodyOf({ documents: [own] }: KeyFacts): string {
  const body = own?.body ?? unseen({ code: "look.unsupported", detail: "The key has no policy of its own." });
  if (body.known) return body.value.text;
  throw new LookError(body.why, "Pass it with --current <file>.");
}

/** What the key is for, where it was looked at and is of a kind that the vendor takes. */
function kindOfLive(facts: KeyFacts | null, policy: VendorCloudPolicy): KeyKind | null {
  const key = facts?.key.known ? facts.key.value : null;
  return key === null ? null : kindOf(key, policy);
}

async function readDocument(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw usageError(
      "usage.current",
      `The file ${path} cannot be read.`,
      "Pass the present policy with --current <file>.",
      error,
    );
  }
}
