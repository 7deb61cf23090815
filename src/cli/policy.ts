import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { openDialect } from "../clouds/index.ts";
import { POLICY_FORMATS, type PolicyFormat } from "../core/cloud.ts";
import { LookError, usageError } from "../core/errors.ts";
import { kindOf } from "../core/evidence.ts";
import {
  type Accessor,
  type Grant,
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
import { projectsOf, type Session } from "./session.ts";

interface Options extends CommonOptions, LocatingOptions, GrantingOptions {
  readonly project: readonly string[];
  readonly accessor: FieldValues;
  readonly format: PolicyFormat;
  readonly purpose?: string;
  readonly current?: string;
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
      new Option("--format <format>", "json: the bare statement; document: the whole policy; cli: commands to paste")
        .choices(POLICY_FORMATS)
        .default("json"),
    )
    .option("--purpose <name>", "which of the vendor's kinds of keys (default: what the live key is, else symmetric)")
    .option("--current <file>", "the policy as it is now, to add to: a file, - for standard input, live to read it");
  granting(locating(common(command)));
  sessionAction<Options>(command, host, finish, run);
}

async function run(invocation: Invocation<Options>, session: Session): Promise<number> {
  const { args, options, printer } = invocation;
  const key = args[0] === undefined ? null : session.parseKey(args[0], options);
  const cloud = key?.cloud ?? options.cloud;
  if (cloud === undefined) {
    throw usageError("usage.cloud", "Neither a key nor a cloud was named.", "Give a key reference, or --cloud aws.");
  }
  const policy = session.policyFor(cloud);
  // Before anybody is asked: a purpose that there is not is wrong usage.
  const named = options.purpose === undefined ? null : kindNamed(options.purpose, policy);
  const dialect = await openDialect(cloud, { scope: options.scope, noExport: !options.export });
  const accessors = await accessorsFor(invocation, session, policy, key);
  for (const accessor of accessors) dialect.checkAccessor(accessor, key, policy);
  const grant: Grant = { policy, accessors };
  const live = options.current === "live" ? await readLive(session, key) : null;
  const current = live === null ? await givenDocument(invocation) : bodyOf(live);
  const kind = named ?? kindOfLive(live, policy) ?? kindNamed("symmetric", policy);
  const text = printed(() => dialect.print({ grant, kind, key, current, format: options.format }), options.current);
  if (!printer.json) printer.data(text);
  else {
    const { page, checked } = policy.source;
    printer.document({
      schemaVersion: 1,
      vendor: policy.vendor,
      cloud,
      format: options.format,
      source: { page, checked },
      text,
    });
  }
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
): Promise<readonly Accessor[]> {
  const { cloud } = policy;
  if (Object.keys(options.accessor).length > 0) return [{ cloud, fields: givenFields(options.accessor, policy) }];
  const projects = projectsOf(options.project, session);
  const vendor = await session.openVendor();
  const region = key?.region ?? options.region ?? null;
  const answers = await Promise.all(projects.map((project) => vendor.accessors({ project, cloud, region })));
  const accessors = answers.flatMap((answer) => ("accessors" in answer ? answer.accessors : []));
  if (accessors.length > 0) return accessors;
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
  return current === "-" ? readAll(host.stdin) : readDocument(current);
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
