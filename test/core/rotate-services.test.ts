import { expect, it } from "vitest";
import { type LookFailure, type Registration, seen, unseen } from "../../src/core/model.ts";
import { type Moving, moveServices } from "../../src/core/rotate/services.ts";

/** The time for the whole command is over while services are moved: that is said, and no verdict on a service. */
const OLD = { id: "old", status: "current" } as Registration;
const NEXT = { id: "next", status: "current" } as Registration;
const OVER: LookFailure = { code: "look.timeout", detail: "the request was given up: the time was over" };

/** Services that never settle. `within` is called for each question to the vendor. */
async function moved(stop: AbortController, within: (asked: string) => void) {
  const ask = <T>(what: string, value: T) => {
    within(what);
    return stop.signal.aborted ? unseen(OVER) : seen(value);
  };
  const users = ["my-kafka", "my-pg"].map((name) => ({ name, status: "active" }));
  const vendor = {
    services: async ({ id }: Registration) => ask(`services of ${id}`, id === "old" ? users : []),
    service: async (_project: string, name: string) => ask(`service ${name}`, { name, cmkId: "old" }),
    attach: async () => ({ outcome: "done" }),
  };
  const clock = {
    now: () => new Date(0),
    async sleep(_ms: number, signal?: AbortSignal) {
      within("sleep");
      signal?.throwIfAborted();
    },
  };
  const moving = { vendor, old: OLD, next: NEXT, users, arriving: [] } as unknown as Moving;
  const options = { project: "demo", parallel: 1, serviceTimeoutMs: 60_000 } as Parameters<typeof moveServices>[1];
  const deps = { clock, jitter: () => 0, signal: stop.signal, progress: () => {} } as unknown as Parameters<
    typeof moveServices
  >[2];
  return moveServices(moving, options, deps);
}

it.each(["service my-kafka", "services of next", "sleep"])("at: %s", async (moment) => {
  const stop = new AbortController();
  const { services, findings } = await moved(stop, (asked) => {
    if (asked === moment) stop.abort(new DOMException("over", "TimeoutError"));
  });
  expect(findings).toMatchObject([{ code: "look.timeout", subject: "my-kafka", fix: expect.stringMatching(/\S/) }]);
  expect(services.map(({ name }) => name)).toEqual(["my-kafka", "my-pg"]);
  expect(services.at(-1)).toMatchObject({ outcome: "not-reached" });
});

it("before the first is begun", async () => {
  const stop = new AbortController();
  stop.abort(new DOMException("over", "TimeoutError"));
  const { findings } = await moved(stop, () => {});
  expect(findings).toMatchObject([{ code: "look.timeout", subject: "my-kafka" }]);
});
