import { basename } from "node:path";
import type { Command } from "commander";
import { undo } from "../core/undo.ts";
import { undoText } from "../report/undo.ts";
import { planWords } from "./approve.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { exitOfUndo } from "./exit.ts";
import type { Host } from "./host.ts";
import type { GrantingOptions } from "./options.ts";
import { granting } from "./options.ts";
import { type RevokingOptions, revokeDeps, revokeOptions, revoking } from "./revoke.ts";
import { projectsOf, type Session } from "./session.ts";

interface Options extends RevokingOptions, GrantingOptions {}

export function undoCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("undo")
    .summary("take one write back: its inverse, on the document as it is now")
    .description(
      "Undoes the write that a backup was made for. The old document is never put back: what the write added is taken\n" +
        "out, or the other way round, and whatever others have written since stays. Shown first, like every write.",
    )
    .argument("<backup>", "a backup of the state folder, as `onboard` and `revoke` print it");
  granting(revoking(command));
  sessionAction<Options>(command, host, finish, run);
}

async function run(invocation: Invocation<Options>, session: Session): Promise<number> {
  const { args, options, printer } = invocation;
  const memory = await session.openMemory();
  const backup = await memory.readBackup(args[0] ?? "");
  // What the file says of the key is read like any other reference.
  const key = session.parseKey(backup.key.id, { cloud: backup.key.cloud });
  const projects = projectsOf(options.project, session);
  const asked = await revokeOptions(invocation, key, projects);
  const words = planWords([basename(backup.path)], {
    project: projects,
    scope: options.scope,
    "no-export": !options.export,
    role: options.role ?? [],
    "backups-expired": options.backupsExpired,
  });
  const deps = await revokeDeps(invocation, session, key, () => words);
  const report = await undo({ ...backup, key }, asked, deps);
  if (printer.json) printer.document(report);
  else printer.data(undoText(report, printer.paint));
  return exitOfUndo(report);
}
