import { describe } from "./describe.ts";
import { refusal } from "./errors.ts";
import { type Finding, finding } from "./findings.ts";
import type { Accessor } from "./model.ts";

/** What a person said about principals: `name=value` pairs of accessor fields. */
export type FieldValues = Readonly<Record<string, string>>;

export interface TrustInput {
  /** What the vendor names now. */
  readonly named: readonly Accessor[];
  /** What was accepted before for this project; null when nothing was. */
  readonly remembered: readonly Accessor[] | null;
  /** `--expect-accessor`, or a pin in the configuration: anything else is refused. */
  readonly expected: FieldValues;
  /** `--accept-accessor`: a person confirmed this value. */
  readonly accepted: FieldValues;
}

export type Trust =
  | { readonly trusted: true /** Not what is remembered yet. */; readonly isNew: boolean }
  | { readonly trusted: false; readonly was: string; readonly now: string };

/**
 * Whether the principals that the vendor names may be let in. The first answer is taken on trust unless it is
 * pinned; a different answer later is not, until a person says so for that very value.
 */
export function trustAccessors(input: TrustInput): Trust {
  for (const accessor of input.named) {
    for (const [name, value] of Object.entries(input.expected)) {
      if (Object.hasOwn(accessor.fields, name) && accessor.fields[name] === value) continue;
      return { trusted: false, was: `${name}=${value}`, now: describe(accessor) };
    }
  }
  if (input.remembered === null) return { trusted: true, isNew: true };
  const known = new Set(input.remembered.map(describe));
  const strangers = input.named.filter((accessor) => !known.has(describe(accessor)));
  const refused = strangers.find((accessor) => !confirmed(accessor, input.remembered ?? [], input.accepted));
  if (refused !== undefined) {
    return { trusted: false, was: input.remembered.map(describe).join("; "), now: describe(refused) };
  }
  return { trusted: true, isNew: strangers.length > 0 };
}

/** Every field that differs from what is remembered was confirmed by name and value. */
function confirmed(accessor: Accessor, remembered: readonly Accessor[], accepted: FieldValues): boolean {
  return Object.entries(accessor.fields).every(
    ([name, value]) =>
      (Object.hasOwn(accepted, name) && accepted[name] === value) ||
      remembered.some((one) => one.seat === accessor.seat && one.fields[name] === value),
  );
}

export function accessorChanged(subject: string, trust: Extract<Trust, { trusted: false }>): Finding {
  return finding("vendor.accessor-changed", {
    subject,
    detail: `The vendor names ${trust.now}; expected was ${trust.was}.`,
  });
}

/** The same as a refusal, for commands that would write. */
export function refuseChangedAccessor(subject: string, trust: Extract<Trust, { trusted: false }>): never {
  const { code, detail, fix } = accessorChanged(subject, trust);
  throw refusal(code, `Nothing was written for ${subject}. ${detail}`, fix);
}
