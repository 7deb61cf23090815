import type { Command } from "commander";
import type { Host } from "./host.ts";
import { createPrinter, type Printer, type PrintOptions } from "./printer.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";

/** What a command's action gets, and what it gives back: an exit code. */
export interface Invocation<Options> {
  readonly host: Host;
  readonly printer: Printer;
  readonly args: readonly string[];
  readonly options: Options;
}

/** Where an action leaves the exit code for `main`. */
export type Finish = (exitCode: number) => void;

/** Binds an action to a command: options and arguments in, exit code out. */
export function action<Options extends PrintOptions>(
  command: Command,
  host: Host,
  finish: Finish,
  run: (invocation: Invocation<Options>) => Promise<number>,
): Command {
  return command.action(async (...received: unknown[]) => {
    const options = command.opts<Options>();
    // Commander passes the arguments, then the options and the command.
    const args = received
      .slice(0, -2)
      .flat()
      .filter((arg): arg is string => typeof arg === "string");
    finish(await run({ host, printer: createPrinter(host, options), args, options }));
  });
}

/** The same, within a session that is closed whatever happens. */
export function sessionAction<Options extends Omit<SessionOptions, "output"> & PrintOptions>(
  command: Command,
  host: Host,
  finish: Finish,
  run: (invocation: Invocation<Options>, session: Session) => Promise<number>,
): Command {
  return action<Options>(command, host, finish, async (invocation) => {
    const session = await openSession(invocation.options, host);
    try {
      return await run(invocation, session);
    } finally {
      await session.close();
    }
  });
}
