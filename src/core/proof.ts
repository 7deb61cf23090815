import type { Cloud } from "./cloud.ts";
import type { ActionAccess, Grant, KeyFacts } from "./model.ts";

/** Somebody who was to be shut out, and what still lets them in, or may. */
export interface StillIn {
  readonly principal: string;
  /** The key, or its replica, in whose documents that stands. */
  readonly key: string;
  readonly actions: readonly string[];
  /** `allowed`: it lets them in. The others: it may, and nobody here can tell. */
  readonly how: "allowed" | "depends" | "unseen";
  /** What lets them in: a statement, binding or KMS grant; a condition; or what could not be read. */
  readonly by: string;
}

/** Under all documents, everywhere that the key is: who is still let in. Nobody, when it is empty. Pure. */
export function stillIn(cloud: Cloud, facts: KeyFacts, grant: Grant): readonly StillIn[] {
  const places = [facts, ...(cloud.elsewhere?.(facts) ?? [])];
  return places.flatMap((place) =>
    cloud.access(place, grant).flatMap(({ principal, actions }) => {
      const open = actions.flatMap((one) => openBy(one) ?? []);
      const grouped = Map.groupBy(open, ({ how, by }) => JSON.stringify([how, by]));
      return [...grouped.values()].flatMap((same): readonly StillIn[] => {
        const [first] = same;
        if (first === undefined) return [];
        return [{ principal, key: place.ref.id, actions: same.map((one) => one.action), how: first.how, by: first.by }];
      });
    }),
  );
}

type Open = Pick<StillIn, "how" | "by"> & { readonly action: string };

function openBy(one: ActionAccess): Open | null {
  const { action } = one;
  switch (one.answer) {
    case "allowed":
      return { action, how: "allowed", by: one.by };
    case "depends":
      return { action, how: "depends", by: `${one.by}: depends on ${one.on.join("; ")}` };
    case "unseen":
      return { action, how: "unseen", by: one.why.detail };
    case "missing":
    case "denied":
      return null;
  }
}

/** The same as a sentence. */
export function stillInText({ principal, key, actions, how, by }: StillIn): string {
  const what = `${principal} do ${actions.join(" and ")} with ${key}`;
  switch (how) {
    case "allowed":
      return `Something else still lets ${what}: ${by}.`;
    case "depends":
      return `Something else may still let ${what}: ${by}.`;
    case "unseen":
      return `Whether something else lets ${what} could not be looked at: ${by}`;
  }
}
