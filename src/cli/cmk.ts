import type { Command } from "commander";
import {
  type CmkDeps,
  type CmkReport,
  cmkNamed,
  deleteCmk,
  describeCmk,
  listCmks,
  makeDefault,
  moveService,
  nameOf,
  registerCmk,
} from "../core/cmk.ts";
import { refusal, usageError } from "../core/errors.ts";
import { cmkTable, cmkText } from "../report/cmk.ts";
import { askWhether } from "./approve.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { EXIT } from "./exit.ts";
import type { Host } from "./host.ts";
import { type CommonOptions, common, type LocatingOptions, locating, several } from "./options.ts";
import { projectsOf, type Session } from "./session.ts";

interface Options extends CommonOptions, LocatingOptions {
  readonly project: readonly string[];
  readonly state?: string | false;
  readonly default?: boolean;
  readonly wait?: boolean;
  readonly yes?: boolean;
}

type Run = (invocation: Invocation<Options>, deps: CmkDeps, session: Session) => Promise<number>;

/** What the vendor can do with the keys of a project, without any cloud. */
export function cmkCommand(program: Command, host: Host, finish: Finish): void {
  const cmk = program
    .command("cmk")
    .summary("the vendor's customer-managed keys: list, get, register, set-default, delete, services, attach, detach")
    .description("Works on what the vendor has registered. No policy is read or written, and no cloud is asked.");
  const add = (name: string, summary: string, run: Run, more: (command: Command) => Command = (one) => one) => {
    const command = more(
      cmk
        .command(name)
        .summary(summary)
        .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`),
    )
      .option("-p, --project <name>", "the vendor's project (default: AIVEN_PROJECT)", several, [])
      .option("--state <address>", "where the phases are remembered: a SQLite file, or postgres:// without a password");
    sessionAction<Options>(common(command), host, finish, async (invocation, session) =>
      run(invocation, await open(invocation, session), session),
    );
  };
  const one = (command: Command) => command.argument("<cmk>", "a CMK id");
  const asking = (command: Command) => command.option("-y, --yes", "answer yes", false);
  add("list", "every CMK of the projects, with its services and its phase", list);
  add("get", "one CMK", get, one);
  add("services", "the services of a CMK", get, one);
  add("register", "register a key that the vendor can use already, without touching any policy", register, (command) =>
    locating(command.argument("<key>", "a key reference")).option("--default", "make it the project's default", false),
  );
  add("set-default", "make a CMK the project's default for new services", setDefault, one);
  add("delete", "deregister a CMK that no service uses", remove, (command) =>
    asking(one(command)).option("--wait", "wait until no service uses it, as long as --deadline lets", false),
  );
  add("attach", "put a service under a CMK", attach, (command) =>
    command.argument("<service>", "a service's name").argument("<cmk>", "a CMK id"),
  );
  add("detach", "put a service under no CMK", detach, (command) =>
    asking(command.argument("<service>", "a service's name")),
  );
  cmk.enablePositionalOptions();
}

async function open({ options, host }: Invocation<Options>, session: Session): Promise<CmkDeps> {
  const [vendor, store] = await Promise.all([session.openVendor(), session.openStore(options.state)]);
  const { clock } = host;
  const { signal } = session;
  return { vendor, store, clock, signal, parseResource: (registration) => session.parseResource(registration) };
}

function projectOf(options: Options, session: Session): string {
  const [project, ...others] = projectsOf(options.project, session);
  if (project !== undefined && others.length === 0) return project;
  throw usageError("usage.project", "This works on one project at a time.", "Name one with --project.");
}

const list: Run = async ({ options, printer }, deps, session) => {
  const projects = projectsOf(options.project, session);
  const cmks = (await Promise.all(projects.map((project) => listCmks(project, deps)))).flat();
  if (printer.json) printer.document({ schemaVersion: 1, cmks });
  else if (cmks.length > 0) printer.data(cmkTable(cmks, printer.paint));
  if (cmks.length === 0) printer.note(`No CMK is registered in ${projects.join(", ")}.`);
  return exitOf(cmks, printer);
};

const get: Run = async ({ args: [id = ""], options, printer }, deps, session) => {
  const registration = await cmkNamed(id, projectOf(options, session), deps);
  return show(await describeCmk(registration, deps), false, printer);
};

const register: Run = async ({ args: [text = ""], options, printer }, deps, session) => {
  const key = session.parseKey(text, options);
  const asked = { project: projectOf(options, session), default: options.default ?? false };
  const { registration, created } = await registerCmk(key, asked, deps);
  printer.note(created ? "Registered." : "It was registered already.");
  return show(await describeCmk(registration, deps), created, printer);
};

const setDefault: Run = async ({ args: [id = ""], options, printer }, deps, session) => {
  const registration = await cmkNamed(id, projectOf(options, session), deps);
  const changed = await makeDefault(registration, deps);
  printer.note(changed ? "It is the default for new services now." : "It was the default already.");
  return show(await describeCmk({ ...registration, default: true }, deps), changed, printer);
};

const remove: Run = async (invocation, deps, session) => {
  const {
    args: [id = ""],
    options,
    printer,
  } = invocation;
  const registration = await cmkNamed(id, projectOf(options, session), deps);
  const question = `Deregister CMK ${registration.id} (${registration.resource})?`;
  if (registration.status !== "deleted" && !(await askWhether(question, invocation))) throw saidNo();
  const changed = await deleteCmk(
    registration,
    {
      wait: options.wait ?? false,
      waitingFor: (services) => printer.note(`Waiting for ${services.map(nameOf).join(", ") || "the vendor"}.`),
    },
    deps,
  );
  if (changed) {
    printer.note("Deregistered. The grant on the key stays; old backups may need it.");
    printer.note(`Once they have expired: keygrant revoke ${registration.resource} --backups-expired`);
  } else printer.note("It was deleted already.");
  return show(await describeCmk({ ...registration, status: "deleted", default: false }, deps), changed, printer);
};

const attach: Run = async ({ args: [service = "", id = ""], options, printer }, deps, session) => {
  const project = projectOf(options, session);
  const registration = await cmkNamed(id, project, deps);
  const changed = await moveService(project, service, registration, deps);
  printer.note(
    changed
      ? `${service} is on its way to the key; \`keygrant cmk services ${id}\` shows it.`
      : "It was there already.",
  );
  return showService({ project, service, cmkId: registration.id, changed }, printer);
};

const detach: Run = async (invocation, deps, session) => {
  const {
    args: [service = ""],
    options,
    printer,
  } = invocation;
  const project = projectOf(options, session);
  const question = `Take ${service} off your key? What it stores is then encrypted under keys of ${deps.vendor.id} alone; backups of before still need yours.`;
  if (!(await askWhether(question, invocation))) throw saidNo();
  const changed = await moveService(project, service, null, deps);
  printer.note(changed ? `${service} is on its way off the key.` : "It was under no key.");
  return showService({ project, service, cmkId: null, changed }, printer);
};

function saidNo() {
  return refusal("answered-no", "Nothing was changed: the question was not answered with yes.", "Pass --yes to agree.");
}

function show(cmk: CmkReport, changed: boolean, printer: Invocation<Options>["printer"]): number {
  if (printer.json) printer.document({ schemaVersion: 1, cmk, changed });
  else printer.data(cmkText(cmk));
  return exitOf([cmk], printer);
}

/** Who depends on a key and could not be read is not nobody: it is said, and the exit code is not that of a success. */
function exitOf(cmks: readonly CmkReport[], printer: Invocation<Options>["printer"]): number {
  const unread = cmks.flatMap((cmk) => (cmk.unread === null ? [] : [{ ...cmk.unread, cmkId: cmk.cmkId }]));
  for (const { cmkId, code, detail, fix } of unread) {
    printer.note(`The services of ${cmkId} could not be read: ${detail} (${code})\n  next: ${fix}`);
  }
  return unread.length > 0 ? EXIT.undetermined : EXIT.ok;
}

interface ServiceMove {
  readonly project: string;
  readonly service: string;
  readonly cmkId: string | null;
  readonly changed: boolean;
}

function showService(move: ServiceMove, printer: Invocation<Options>["printer"]): number {
  if (printer.json) printer.document({ schemaVersion: 1, ...move });
  else printer.data(`${move.service}  ${move.cmkId ?? "no CMK"}`);
  return EXIT.ok;
}
