import { windowEnd } from "./assess.ts";
import type { KeyFacts, Registration, VendorAnswer } from "./model.ts";
import type { Run, Standing, StepResult } from "./onboard.ts";
import type { RegisterResult } from "./vendor.ts";

/**
 * Step 6. The vendor finds before it creates. A refusal soon after our own write may only mean that the grant has
 * not reached the vendor yet: it is asked again until it agrees or the propagation window has passed.
 */
export async function register(run: Run, standing: Standing): Promise<StepResult> {
  const { deps, options, steps } = run;
  const { project } = options;
  const facts = asRegistered(standing);
  const ask = () => deps.vendor.register(facts, { project, default: options.default });
  const result = await steps.time("register", () => whileRefused(run, standing, ask, isRefusedRegistration));
  switch (result.outcome) {
    case "registered": {
      const { registration, created } = result;
      steps.done("register", created ? "done" : "unchanged", `CMK ${registration.id} in project ${project}`);
      // Registering includes the vendor's own try of the key; finding it registered does not.
      const vendorView = created ? answered({ answer: "usable" }) : standing.vendorView;
      return { standing: { ...standing, registration, created, vendorView }, stop: null };
    }
    case "refused": {
      const inWindow = await isInWindow(run, standing);
      steps.done("register", inWindow ? "waiting" : "failed", result.detail);
      const vendorView = answered({ answer: "refused", detail: result.detail });
      return { standing: { ...standing, vendorView }, stop: "the vendor did not register the key" };
    }
    case "unknown": {
      steps.done("register", "failed", result.why.detail);
      const vendorView = answered({ answer: "no-answer", detail: result.why.detail, why: result.why });
      return { standing: { ...standing, vendorView }, stop: "nobody knows whether the key is registered" };
    }
  }
}

/** The key in the vendor's own spelling where it holds it already: another one would be registered a second time. */
function asRegistered({ facts, registration }: Standing): KeyFacts {
  return registration === null ? facts : { ...facts, ref: { ...facts.ref, id: registration.resource } };
}

/** Step 7. Asks the vendor to use the key now, and reads the registration and its services back. */
export async function confirm(run: Run, standing: Standing): Promise<StepResult> {
  const { deps, steps } = run;
  const { registration } = standing;
  if (registration === null) return { standing, stop: "the key is not registered" };
  const [answer, present, services] = await steps.time("confirm", () =>
    Promise.all([
      whileRefused(run, standing, () => deps.vendor.check(registration), isRefusal),
      deps.vendor.get(registration.project, registration.id),
      deps.vendor.services(registration),
    ]),
  );
  if (present.known && present.value === null) {
    const detail = `The registration ${registration.id} has vanished.`;
    steps.done("confirm", "failed", detail);
    return {
      standing: { ...standing, registration: null, vendorView: { kind: "not-registered", detail } },
      stop: detail,
    };
  }
  const now: Registration = present.known && present.value !== null ? present.value : registration;
  // No verdict now does not take back the one given a moment ago.
  const keepsYes = standing.created && answer.answer === "no-answer";
  const vendorView = keepsYes ? standing.vendorView : answered(answer);
  const outcome = answer.answer === "refused" ? "failed" : answer.answer === "pending" ? "waiting" : "done";
  steps.done("confirm", outcome, confirmation(answer, keepsYes));
  return {
    standing: { ...standing, registration: now, vendorView, services },
    stop: null,
  };
}

function confirmation(answer: VendorAnswer, keepsYes: boolean): string {
  if (answer.answer === "usable") return "the vendor has used the key";
  if (keepsYes) return "the vendor used the key when it registered it";
  return answer.detail;
}

function answered(answer: VendorAnswer): Standing["vendorView"] {
  return { kind: "answered", answer };
}

function isRefusedRegistration(result: RegisterResult): boolean {
  return result.outcome === "refused";
}

function isRefusal(answer: VendorAnswer): boolean {
  return answer.answer === "refused";
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/** Asks again with growing, jittered pauses while the answer is a refusal within the propagation window. */
async function whileRefused<T>(
  run: Run,
  standing: Standing,
  ask: () => Promise<T>,
  refused: (answer: T) => boolean,
): Promise<T> {
  const { clock, jitter, memory, signal } = run.deps;
  const end = await windowEnd(memory, standing.facts.ref, run.options.waitMs);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const answer = await ask();
    const left = end === null ? 0 : end.getTime() - clock.now().getTime();
    if (!refused(answer) || left <= 0 || signal.aborted) return answer;
    const pausing = clock.sleep(Math.min(left, pause * (0.5 + jitter() / 2)), signal);
    const [slept] = await Promise.allSettled([pausing]);
    if (slept.status === "rejected") return answer;
  }
}

async function isInWindow(run: Run, standing: Standing): Promise<boolean> {
  const end = await windowEnd(run.deps.memory, standing.facts.ref, run.options.waitMs);
  return end !== null && run.deps.clock.now() < end;
}
