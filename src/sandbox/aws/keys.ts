import { AUDITOR, OWNER, OWNER_ACCOUNT, OWNER_REGION, VENDOR_ACCOUNT } from "../cast.ts";
import type { SandboxContext } from "../module.ts";
import { defaultPolicy, printPolicy, rootStatement } from "./policy.ts";
import {
  CREATED,
  OLD_ANCHOR,
  OTHER_ACCOUNT,
  PROBE_ROLE,
  RECIPES,
  REPLICA_REGION,
  type Recipe,
  rotating,
} from "./recipes.ts";
import { type AwsWorld, type KmsKey, keyArn, newKey } from "./world.ts";

/** A key of a fresh world, and what `keygrant validate` should say of it, asked as the owner for project `demo`. */
export interface SandboxKey {
  readonly cloud: "aws";
  readonly name: string;
  /** The key's ARN. */
  readonly id: string;
  /** A sentence; null where nothing is wrong with the key. */
  readonly wrong: string | null;
  /** The code that must be among the findings; null where the key is fine and granted. */
  readonly code: string | null;
  readonly exit: 0 | 10 | 11 | 12;
}

/** The role of the vendor's own example. */
const DOCS_ACCOUNT = "123456789012";
const DOCS_ANCHOR = `arn:aws:iam::${DOCS_ACCOUNT}:role/aiven-cmk-anchor`;

/** Every key that a fresh world has something to show with, in a fixed order; ids never change. */
export function awsKeys(): readonly SandboxKey[] {
  return RECIPES.map((recipe) => {
    const { name, wrong, code, exit } = recipe;
    return { cloud: "aws", name, id: arnOf(recipe), wrong, code, exit };
  });
}

function arnOf(recipe: Recipe): string {
  return keyArn(recipe.region ?? OWNER_REGION, recipe.account ?? OWNER_ACCOUNT, idOf(recipe));
}

function idOf({ number, multiRegion }: Recipe): string {
  if (number === 0) return "11111111-1111-4111-8111-111111111111";
  const digits = String(number).padStart(4, "0");
  const id = `22222222-${digits}-4000-8000-00000000${digits}`;
  return multiRegion === true ? `mrk-${id.replaceAll("-", "")}` : id;
}

export function freshAwsWorld(context: SandboxContext): AwsWorld {
  const now = context.clock.now();
  const keys = RECIPES.flatMap((recipe) => keyOf(recipe, now, context));
  const related = relativesOf(keys);
  return {
    keys: [...keys, ...related],
    aliases: RECIPES.filter((recipe) => recipe.make !== null).map((recipe) => ({
      name: recipe.alias ?? `alias/${recipe.name}`,
      account: recipe.account ?? OWNER_ACCOUNT,
      region: recipe.region ?? OWNER_REGION,
      keyId: idOf(recipe),
      createdAt: CREATED,
    })),
    accounts: [OWNER_ACCOUNT, VENDOR_ACCOUNT, DOCS_ACCOUNT, OTHER_ACCOUNT],
    principals: [DOCS_ANCHOR, OLD_ANCHOR],
    roles: [{ arn: PROBE_ROLE, trusts: [OWNER.arn, AUDITOR.arn], iam: "use-keys" }],
    sessions: [],
    imports: [],
  };
}

function keyOf(recipe: Recipe, now: Date, context: SandboxContext): readonly KmsKey[] {
  if (recipe.make === null) return [];
  const { statements: list, ...change } = recipe.make(now);
  const account = recipe.account ?? OWNER_ACCOUNT;
  return [
    newKey({
      id: idOf(recipe),
      account,
      region: recipe.region ?? OWNER_REGION,
      createdAt: CREATED,
      description: `sandbox: ${recipe.name}`,
      material: Buffer.from(context.random(32)).toString("base64"),
      policy: printPolicy(policyWith(rootStatement(account), ...(list ?? []))),
      rotation: rotating(),
      ...change,
    }),
  ];
}

function policyWith(...statements: readonly object[]): object {
  return { Version: "2012-10-17", Id: "key-default-1", Statement: statements };
}

/** The other Regions' halves of the Multi-Region keys: a primary for the lone replica, a replica for the primary. */
function relativesOf(keys: readonly KmsKey[]): readonly KmsKey[] {
  return keys
    .filter((key) => key.multiRegion !== null && key.state !== "Updating")
    .map((key) => ({
      ...structuredClone(key),
      arn: keyArn(REPLICA_REGION, key.account, key.id),
      region: REPLICA_REGION,
      state: "Enabled" as const,
      multiRegion: key.multiRegion === "PRIMARY" ? ("REPLICA" as const) : ("PRIMARY" as const),
      policy: key.multiRegion === "PRIMARY" ? defaultPolicy(key.account) : key.policy,
    }));
}
