import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore, type StoreAddress } from "../../src/state/store.ts";
import { identity, memory, message, NOW, transition } from "./store-samples.ts";

/** Another run of keygrant, as a process of its own. What it has done it says on standard output, a line each. */
export type ChildTask =
  /** Records `own` and a key that all share, `times` times. */
  | { readonly task: "record"; readonly address: StoreAddress; readonly own: string; readonly times: number }
  /** Takes messages until there are none, and says their ids. */
  | { readonly task: "take"; readonly address: StoreAddress }
  /** Records one key without end: each time one transition and one message more, and says how often. */
  | { readonly task: "endless"; readonly address: StoreAddress; readonly own: string }
  | { readonly task: "open"; readonly address: StoreAddress };

const task: ChildTask = JSON.parse(process.argv[2] ?? "");
const store = await openStore(task.address, {
  clock: { now: () => new Date(NOW), sleep: async (ms) => void (await sleep(ms)) },
  jitter: Math.random,
  random: (size) => randomBytes(size),
});
say("open");
if (task.task === "record") {
  for (let count = 1; count <= task.times; count++) {
    await store.record(identity(task.own), memory({ key: task.own }), [transition()], [message(task.own)]);
    const shared = memory({ key: "shared", message: `${task.own} ${count}` });
    await store.record(identity("shared"), shared, [transition({ message: `${task.own} ${count}` })], []);
  }
}
if (task.task === "take") {
  for (;;) {
    const taken = await store.takeMessages(new Date(NOW), 60_000, 3);
    if (taken.length === 0) break;
    for (const { id } of taken) say(id);
  }
}
if (task.task === "endless") {
  const before = await store.history(identity(task.own), 1_000_000);
  for (let count = before.length + 1; ; count++) {
    const at = new Date(Date.parse(NOW) + count).toISOString();
    const now = memory({ key: task.own }, { doubts: count });
    await store.record(identity(task.own), now, [transition({ at, message: String(count) })], [message(String(count))]);
    say(String(count));
  }
}
await store.close();

/** At once, also when the process is killed right after. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
