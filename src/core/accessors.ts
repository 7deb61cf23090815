import type { Cloud } from "./cloud.ts";
import { KeygrantError, LookError } from "./errors.ts";
import { type Finding, finding, lookFinding } from "./findings.ts";
import type { Memory } from "./memory.ts";
import type { Accessor, Grant, KeyRef, VendorCloudPolicy } from "./model.ts";
import { accessorChanged, type FieldValues, trustAccessors } from "./trust.ts";
import type { Vendor } from "./vendor.ts";

/** The principals to judge for, or why there are none that could be trusted. */
export type Named =
  | { readonly kind: "trusted"; readonly grant: Grant }
  | { readonly kind: "untrusted"; readonly findings: readonly Finding[] };

/** Whose principals are wanted: those that the vendor names for a project, or one that is written down for the key. */
export type Whose =
  | { readonly kind: "project"; readonly project: string }
  | { readonly kind: "pinned"; readonly accessor: Accessor };

export type NamedAccessors = (
  whose: readonly Whose[],
  key: KeyRef,
  policy: VendorCloudPolicy,
  cloud: Pick<Cloud, "checkAccessor">,
) => Promise<Named>;

/** What the principals of a project must be on the key's cloud; empty: whatever the vendor says first. */
export type Expected = (about: { readonly project: string; readonly key: KeyRef }) => FieldValues;

/** Asks the vendor once for each project, cloud and region, and memory once, however many keys want to know. */
export function askAccessors(
  deps: { readonly vendor: Vendor; readonly memory: Memory },
  expected: Expected,
): NamedAccessors {
  const asked = new Map<string, Promise<readonly Accessor[] | LookError>>();
  const remembered = new Map<string, Promise<readonly Accessor[] | null>>();

  function ask(project: string, key: KeyRef): Promise<readonly Accessor[] | LookError> {
    const name = JSON.stringify([project, key.cloud, key.region]);
    const answer = asked.get(name) ?? askOne(deps.vendor, project, key);
    asked.set(name, answer);
    return answer;
  }

  /** As of the same moment as the vendor's answer, which is not asked for again either. */
  function accepted(project: string, { cloud }: KeyRef): Promise<readonly Accessor[] | null> {
    const name = JSON.stringify([project, cloud]);
    const answer = remembered.get(name) ?? deps.memory.acceptedAccessors({ vendor: deps.vendor.id, project, cloud });
    remembered.set(name, answer);
    return answer;
  }

  return async (whose, key, policy, cloud) => {
    const accessors: Accessor[] = [];
    const findings: Finding[] = [];
    for (const one of whose) {
      if (one.kind === "pinned") {
        findings.push(...unsafe(one.accessor, key, policy, cloud));
        accessors.push(one.accessor);
        continue;
      }
      const { project } = one;
      const answer = await ask(project, key);
      if (answer instanceof LookError) {
        findings.push(lookFinding("grant", project, answer.why));
        continue;
      }
      const before = await accepted(project, key);
      const trust = trustAccessors({
        named: answer,
        remembered: before,
        expected: expected({ project, key }),
        accepted: {},
      });
      if (!trust.trusted) findings.push(accessorChanged(key.id, trust));
      findings.push(...answer.flatMap((accessor) => unsafe(accessor, key, policy, cloud)));
      accessors.push(...answer);
    }
    if (findings.length > 0) return { kind: "untrusted", findings };
    return { kind: "trusted", grant: { policy, accessors } };
  };
}

async function askOne(vendor: Vendor, project: string, key: KeyRef): Promise<readonly Accessor[] | LookError> {
  try {
    const answer = await vendor.accessors({ project, cloud: key.cloud, region: key.region });
    return "accessors" in answer ? answer.accessors : [];
  } catch (error) {
    if (error instanceof LookError) return error;
    // One project that is gone must not keep anybody from looking at the others.
    if (error instanceof KeygrantError && error.code === "vendor.project-not-found") {
      const { message: detail, fix } = error;
      return new LookError({ code: "look.misconfigured", detail, fix }, fix, error);
    }
    throw error;
  }
}

function unsafe(
  accessor: Accessor,
  key: KeyRef,
  policy: VendorCloudPolicy,
  cloud: Pick<Cloud, "checkAccessor">,
): readonly Finding[] {
  try {
    cloud.checkAccessor(accessor, key, policy);
    return [];
  } catch (error) {
    if (!(error instanceof KeygrantError) || error.kind !== "refused") throw error;
    return [finding("vendor.accessor-unsafe", { subject: key.id, detail: error.message })];
  }
}
