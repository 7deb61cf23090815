import type { CheckAnswer, VendorCheckup } from "../../core/doctor.ts";
import type { Trouble } from "./answers.ts";

/** A call that looks, and what was the trouble with it; null when it was answered. */
type Look = (project: string) => Promise<Trouble | null>;

export interface CheckupDeps {
  readonly origin: string;
  readonly list: Look;
  readonly accessors: Look;
}

type Rights = Awaited<ReturnType<VendorCheckup["rights"]>>;

/**
 * What the token is good for. Registering is not tried: Aiven's page says that all CMK calls need the same role, so
 * whoever may list keys may register one (https://aiven.io/docs/platform/howto/bring-your-own-key).
 */
export function aivenCheckup({ origin, list, accessors }: CheckupDeps): VendorCheckup {
  return {
    endpoints: () => [{ name: "Aiven", url: new URL(origin).origin }],
    async rights(project) {
      if (project === null) return [NO_PROJECT];
      const [listed, named] = await Promise.all([list(project), accessors(project)]);
      return [tokenLine(listed), ...rightLines(project, listed, named)];
    },
  };
}

const NO_PROJECT: Rights[number] = {
  check: "credentials",
  subject: "token",
  outcome: "skipped",
  detail: "There is a token; what it may do depends on the project.",
  fix: "Name one: --project <name>, or AIVEN_PROJECT.",
};

function tokenLine(trouble: Trouble | null): Rights[number] {
  const line = { check: "credentials", subject: "token" } as const;
  if (trouble === null) return { ...line, ...pass("Aiven takes the token.") };
  if (trouble.why.code === "look.credentials") return { ...line, ...failed(trouble, "fail") };
  // Only whoever is known can be refused something.
  const isKnown = trouble.why.code === "look.denied" || trouble.kind === "project-not-found";
  return { ...line, ...(isKnown ? pass("Aiven takes the token.") : failed(trouble, "unknown")) };
}

function rightLines(project: string, listed: Trouble | null, named: Trouble | null): Rights {
  if (listed?.why.code === "look.credentials") return [];
  const check = "permission" as const;
  return [
    { check, subject: `operator on ${project}`, ...right(listed, OPERATOR) },
    { check, subject: `accessors of ${project}`, ...right(named, "Aiven names its principals.") },
  ];
}

const OPERATOR = "Its keys were listed; all calls about keys need the same role.";

function right(trouble: Trouble | null, words: string): CheckAnswer {
  if (trouble === null) return pass(words);
  const isRefusal = ["look.denied", "look.unsupported"].includes(trouble.why.code);
  return failed(trouble, isRefusal || trouble.kind === "project-not-found" ? "fail" : "unknown");
}

function failed({ why }: Trouble, outcome: "fail" | "unknown"): CheckAnswer {
  return { outcome, detail: why.detail, fix: why.fix ?? null };
}

function pass(detail: string): CheckAnswer {
  return { outcome: "pass", detail, fix: null };
}
