import { invalidParameter, OciError } from "./errors.ts";
import { type Place, readStatement } from "./statements.ts";
import { StatementFault } from "./words.ts";
import { findTenancy, type OciWorld, type Policy, pathTo, tenancyOf } from "./world.ts";

/**
 * From the root compartment to any leaf, and not to be raised:
 * https://docs.oracle.com/iaas/Content/Identity/policymgmt/policy-limits-compartment-hierarchy.htm
 */
const STATEMENTS_ON_A_PATH = 500;
/** https://docs.oracle.com/iaas/Content/General/Concepts/servicelimits.htm: the default of a limit that can be raised. */
const STATEMENTS_IN_A_POLICY = 50;

/** Of `target.policy.type`: a policy with both kinds of statements has both. */
export function effectsOf(statements: readonly string[]): readonly string[] {
  const deny = statements.filter((statement) => /^\s*deny\b/i.test(statement)).length;
  return [...(deny < statements.length ? ["allow"] : []), ...(deny > 0 ? ["deny"] : [])];
}

/**
 * Refuses what OCI does not take: statements that cannot be read, and compartments that are not below the policy. What
 * stood in the policy before is let through: a fresh world has statements that stand for those of a newer grammar.
 */
export function checkStatements(
  world: OciWorld,
  compartmentId: string,
  statements: readonly string[],
  before: readonly string[],
): void {
  for (const text of statements) {
    if (!before.includes(text)) checkStatement(world, compartmentId, text);
  }
}

function checkStatement(world: OciWorld, compartmentId: string, text: string): void {
  try {
    const statement = readStatement(text);
    if (statement.kind === "define") return;
    const { where } = statement;
    if (where.kind === "compartment" || where.kind === "compartment-id") checkPlace(world, compartmentId, where);
  } catch (cause) {
    if (cause instanceof StatementFault) throw invalidParameter(cause.message);
    throw cause;
  }
}

function checkPlace(world: OciWorld, from: string, place: Place): void {
  const spelt = place.kind === "compartment" ? place.path.join(":") : place.kind === "tenancy" ? "" : place.ocid;
  const found =
    place.kind === "compartment-id"
      ? (pathTo(world, place.ocid) ?? []).some(({ id }) => id === from)
      : place.kind === "tenancy" || isBelow(world, from, place.path);
  if (found) return;
  throw invalidParameter(`Compartment {${spelt}} does not exist or is not part of the policy compartment subtree`);
}

/** By name, from the compartment's children on, or from the compartment itself unless it is the root. */
function isBelow(world: OciWorld, from: string, [first = "", ...rest]: readonly string[]): boolean {
  const itself = world.compartments.filter(({ id }) => id === from);
  const starts = [...itself, ...world.compartments.filter(({ parent }) => parent === from)];
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return starts.some((start) => {
    if (!same(start.name, first)) return false;
    let at = start.id;
    for (const name of rest) {
      const next = world.compartments.find((one) => one.parent === at && same(one.name, name));
      if (next === undefined) return false;
      at = next.id;
    }
    return true;
  });
}

/** Throws LimitExceeded when the policy as it is to be does not fit. */
export function checkLimits(world: OciWorld, policy: Policy): void {
  if (policy.statements.length > STATEMENTS_IN_A_POLICY) {
    throw limitExceeded(`The number of statements in a policy cannot exceed ${STATEMENTS_IN_A_POLICY}.`);
  }
  const others = world.policies.filter(({ id }) => id !== policy.id);
  for (const leaf of below(world, policy.compartmentId)) {
    const path = pathTo(world, leaf)?.map(({ id }) => id) ?? [];
    const onPath = [...others, policy].filter(({ compartmentId }) => path.includes(compartmentId));
    const count = onPath.reduce((sum, { statements }) => sum + statements.length, 0);
    if (count > STATEMENTS_ON_A_PATH) {
      throw limitExceeded(
        `The number of policy statements in the compartment hierarchy cannot exceed ${STATEMENTS_ON_A_PATH}.`,
      );
    }
  }
}

function below(world: OciWorld, compartmentId: string): readonly string[] {
  const tenancy = findTenancy(world, compartmentId) ?? tenancyOf(world, compartmentId);
  const all = [compartmentId, ...world.compartments.filter((one) => one.tenancy === tenancy?.id).map(({ id }) => id)];
  return all.filter((id) => pathTo(world, id)?.some((above) => above.id === compartmentId));
}

function limitExceeded(message: string): OciError {
  return new OciError(400, "LimitExceeded", message);
}
