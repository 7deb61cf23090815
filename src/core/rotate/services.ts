import { type Finding, finding, lookFinding } from "../findings.ts";
import type { LookFailure, Registration, Seen, ServiceUse } from "../model.ts";
import type { RotateDeps, RotateOptions, Rotating } from "./rotate.ts";

export interface ServiceMove {
  readonly name: string;
  /**
   * `unchanged`: it was on the new key, or is gone. `left`: somebody has put it under a third key. `stuck`: it does not
   * settle. `failed`: it could not be moved or looked at. `not-reached`: another one stopped the rotation before.
   */
  readonly outcome: "moved" | "unchanged" | "left" | "stuck" | "failed" | "not-reached";
  readonly detail: string;
}

export interface Moving {
  readonly vendor: Rotating;
  readonly old: Registration;
  readonly next: Registration;
  /** The services that the old key is under, or that have not let go of it yet. */
  readonly users: readonly ServiceUse[];
  /** The services that the new key is for, on their way to it or there. */
  readonly arriving: readonly ServiceUse[];
}

export interface Moved {
  readonly services: readonly ServiceMove[];
  /** Why one did not come to its end. */
  readonly findings: readonly Finding[];
}

interface Move extends ServiceMove {
  readonly unseen?: LookFailure | undefined;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Moves each service and waits until it has settled on the new key and let go of the old one, `parallel` at once. Once
 * one does not come to its end no other is begun. Services that are on their way to the new key are waited for too.
 */
export async function moveServices(moving: Moving, options: RotateOptions, deps: RotateDeps): Promise<Moved> {
  const onTheirWay = moving.arriving.filter(({ status }) => status !== "active");
  const names = [...new Set([...moving.users, ...onTheirWay].map(({ name }) => name))].sort();
  const moves = new Map<string, ServiceMove>();
  const findings: Finding[] = [];
  let isStopped = false;
  const queue = [...names];
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      if (isStopped) return;
      const { unseen, ...move } = await moveOne(name, moving, options, deps);
      moves.set(name, move);
      if (unseen !== undefined) findings.push(lookFinding("vendor", name, unseen));
      else if (move.outcome === "stuck")
        findings.push(finding("vendor.service-unsettled", { subject: name, detail: move.detail }));
      else if (move.outcome === "left")
        findings.push(finding("vendor.service-elsewhere", { subject: name, detail: move.detail }));
      if (move.outcome !== "moved" && move.outcome !== "unchanged") isStopped = true;
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, names.length) }, worker));
  const services = names.map(
    (name) => moves.get(name) ?? ({ name, outcome: "not-reached", detail: "it was not begun" } as const),
  );
  return { services, findings };
}

async function moveOne(
  name: string,
  { vendor, old, next }: Moving,
  options: RotateOptions,
  deps: RotateDeps,
): Promise<Move> {
  const now = await vendor.service(options.project, name);
  if (!now.known) return failed(name, now.why);
  if (now.value === null) return { name, outcome: "unchanged", detail: "there is no such service any more" };
  const { cmkId } = now.value;
  if (cmkId !== old.id && cmkId !== next.id) {
    return {
      name,
      outcome: "left",
      detail: `it is under ${cmkId ?? "no key"}, which is not for this rotation to change`,
    };
  }
  const begins = cmkId === old.id;
  if (begins) {
    deps.progress(name, "moving");
    const attached = await vendor.attach(options.project, name, next);
    if (attached.outcome === "unknown") return failed(name, attached.why);
  }
  const why = await untilSettled(name, { vendor, old, next }, options, deps);
  if (why !== null) return { name, outcome: "stuck", ...why };
  deps.progress(name, "on the new key");
  return {
    name,
    outcome: begins ? "moved" : "unchanged",
    detail: "it is active on the new key and has let go of the old one",
  };
}

function failed(name: string, why: LookFailure): Move {
  return { name, outcome: "failed", detail: why.detail, unseen: why };
}

/** Null once the service is active on the new key and the old one is rid of it; else how far it had come. */
async function untilSettled(
  name: string,
  { vendor, old, next }: Pick<Moving, "vendor" | "old" | "next">,
  { serviceTimeoutMs }: RotateOptions,
  { clock, jitter, signal, progress }: RotateDeps,
): Promise<Pick<Move, "detail" | "unseen"> | null> {
  const end = clock.now().getTime() + serviceTimeoutMs;
  let said = "";
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const [to, from] = await Promise.all([
      vendor.services(next),
      old.status === "deleted" ? ({ known: true, value: [] } as const) : vendor.services(old),
    ]);
    const there = statusIn(to, name);
    const here = statusIn(from, name);
    if (there === "active" && here === "gone") return null;
    const what = `${there} on the new key, ${here === "gone" ? "gone from" : `${here} on`} the old one`;
    if (what !== said) progress(name, what);
    said = what;
    const unseen = to.known ? (from.known ? undefined : from.why) : to.why;
    const left = end - clock.now().getTime();
    if (left <= 0) return { detail: `it has not settled in time: ${what}`, unseen };
    const [slept] = await Promise.allSettled([clock.sleep(Math.min(left, pause * (0.5 + jitter() / 2)), signal)]);
    if (slept.status === "rejected") {
      const detail = `the time for the whole command was over: ${what}`;
      // Nothing is known against the service: it was not waited for.
      return { detail, unseen: unseen ?? { code: "look.timeout", detail } };
    }
  }
}

function statusIn(services: Seen<readonly ServiceUse[]>, name: string): string {
  if (!services.known) return "not to be seen";
  return services.value.find((one) => one.name === name)?.status ?? "gone";
}
