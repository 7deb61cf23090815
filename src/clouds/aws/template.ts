import { usageError } from "../../core/errors.ts";
import type { Accessor, Grant, KeyKind } from "../../core/model.ts";
import { isRecord, list, parseKeyPolicy, type Statement } from "./statement.ts";

/** A statement of the vendor's template, filled in for one accessor. */
export interface WantedStatement {
  readonly statement: Statement;
  readonly principals: readonly string[];
  readonly actions: readonly string[];
}

/**
 * The statements that one accessor needs. The template (`kind.grant.statements` in `policies/<vendor>/aws.json`) is
 * data: `{field}` is replaced inside its strings, never inside its JSON text.
 */
export function wantedStatements(accessor: Accessor, kind: KeyKind): readonly WantedStatement[] {
  const filled = fill(kind.grant["statements"], accessor.fields);
  const policy = parseKeyPolicy(JSON.stringify({ Statement: filled ?? [] }));
  if (!policy.known || !Array.isArray(filled)) {
    throw brokenTemplate(kind, policy.known ? "statements is not a list" : policy.why.detail);
  }
  return policy.value.Statement.map((statement) => {
    const principals = isRecord(statement.Principal) ? list(statement.Principal["AWS"]) : [];
    const actions = list(statement.Action);
    if (statement.Effect !== "Allow" || principals.length === 0 || actions.length === 0) {
      throw brokenTemplate(kind, "a statement lacks Allow, an AWS Principal or an Action");
    }
    return { statement, principals, actions };
  });
}

/** The template's statements with every accessor of the grant in them: what `keygrant policy` prints. */
export function grantStatements(grant: Grant, kind: KeyKind): readonly Statement[] {
  const perAccessor = grant.accessors.map((accessor) => wantedStatements(accessor, kind));
  const [first = []] = perAccessor;
  return first.map((wanted, index) => {
    const principals = perAccessor.flatMap((statements) => statements[index]?.principals ?? []);
    return { ...wanted.statement, Principal: { AWS: oneOrMany([...new Set(principals)]) } };
  });
}

/** One value bare, as the vendors' pages write it; several as a list. */
export function oneOrMany(values: readonly string[]): string | readonly string[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}

function fill(template: unknown, fields: Readonly<Record<string, string>>): unknown {
  if (typeof template === "string") {
    return template.replace(/\{(\w+)\}/g, (hole, name: string) => {
      const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (value !== undefined) return value;
      throw usageError(
        "usage.policy-template",
        `The vendor's template for AWS asks for ${hole}, which the accessor does not have.`,
        "Give every field of the accessor, or correct the file under policies/.",
      );
    });
  }
  if (Array.isArray(template)) return template.map((one) => fill(one, fields));
  if (!isRecord(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fill(value, fields)]));
}

function brokenTemplate(kind: KeyKind, fault: string) {
  return usageError(
    "usage.policy-template",
    `The vendor's template for ${kind.name} AWS keys cannot be used: ${fault}.`,
    "Correct grant.statements in the vendor's aws.json under policies/.",
  );
}
