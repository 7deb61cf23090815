import { type Condition, readCondition } from "./conditions.ts";
import { VERBS, type Verb } from "./permissions.ts";
import { createReader, type Reader } from "./reader.ts";
import { wordsOf } from "./words.ts";

/** A name from a statement: an alias or the name of something, or an OCID behind `id`. */
export interface Ref {
  /** The identity domain in front of a slash; null: the default one. */
  readonly domain: string | null;
  readonly name: string;
  readonly isId: boolean;
}

export interface Definition {
  readonly kind: "define";
  readonly what: string;
  readonly alias: string;
  readonly ocid: string;
}

export interface Rule {
  readonly kind: "rule";
  readonly effect: "allow" | "deny";
  readonly form: "allow" | "admit" | "endorse";
  readonly subject: Subject;
  /** Of `admit`: where the subject is at home. */
  readonly of: TenancyRef | null;
  readonly what: VerbAndResource | { readonly permissions: readonly string[] };
  readonly where: Place | TenancyRef;
  readonly condition: Condition | null;
}

/** `others`: services, resources and dynamic groups, none of which ever calls here. */
export type Subject =
  | { readonly kind: "any" }
  | { readonly kind: "groups"; readonly groups: readonly Ref[] }
  | { readonly kind: "others" };

export interface VerbAndResource {
  readonly verb: Verb;
  readonly resource: string;
}

export type Place =
  | { readonly kind: "tenancy" }
  | { readonly kind: "compartment-id"; readonly ocid: string }
  | { readonly kind: "compartment"; readonly path: readonly string[] };

export type TenancyRef = { readonly kind: "any-tenancy" } | { readonly kind: "that-tenancy"; readonly tenancy: Ref };

export type Statement = Definition | Rule;

/**
 * Reads one statement, or throws a StatementFault.
 * https://docs.oracle.com/iaas/Content/Identity/policysyntax/policy-syntax.htm and the pages below it (subject, verbs,
 * resources, location, conditions), …/policieshow/iam-cross-domain.htm, …/policysyntax/denypolicies.htm
 */
export function readStatement(text: string): Statement {
  const reader = createReader(wordsOf(text));
  const statement = reader.takes("define") ? readDefinition(reader) : readRule(reader);
  reader.end();
  return statement;
}

function readDefinition(reader: Reader): Definition {
  const what = reader.oneOf("tenancy", "group", "dynamic-group", "compartment", "service");
  const alias = reader.name();
  reader.expect("as");
  return { kind: "define", what, alias, ocid: reader.name() };
}

function readRule(reader: Reader): Rule {
  const effect = reader.takes("deny") ? "deny" : "allow";
  const form = reader.takes("admit") ? "admit" : reader.takes("endorse") ? "endorse" : "allow";
  if (effect === "allow" && form === "allow") reader.expect("allow");
  const subject = readSubject(reader);
  const of = form === "admit" ? readOf(reader) : null;
  reader.expect("to");
  const what = readWhat(reader);
  reader.expect("in");
  const where = form === "endorse" ? readTenancy(reader) : readPlace(reader);
  const condition = reader.takes("where") ? readCondition(reader) : null;
  return { kind: "rule", effect, form, subject, of, what, where, condition };
}

function readSubject(reader: Reader): Subject {
  const kind = reader.oneOf("any-user", "any-group", "group", "dynamic-group", "service", "resource");
  if (kind === "any-user" || kind === "any-group") return { kind: "any" };
  if (kind === "resource") {
    // `resource <type> <name>`
    reader.name();
  }
  const named = reader.listOf(() => readRef(reader));
  return kind === "group" ? { kind: "groups", groups: named } : { kind: "others" };
}

function readRef(reader: Reader): Ref {
  if (reader.takes("id")) return { domain: null, name: reader.name(), isId: true };
  const name = reader.name();
  return reader.takesMark("/")
    ? { domain: name, name: reader.name(), isId: false }
    : { domain: null, name, isId: false };
}

function readOf(reader: Reader): TenancyRef {
  reader.expect("of");
  return readTenancy(reader);
}

function readTenancy(reader: Reader): TenancyRef {
  if (reader.oneOf("any-tenancy", "tenancy") === "any-tenancy") return { kind: "any-tenancy" };
  return { kind: "that-tenancy", tenancy: readRef(reader) };
}

function readWhat(reader: Reader): Rule["what"] {
  if (reader.takesMark("{")) {
    const permissions = reader.listOf(() => reader.name());
    reader.expectMark("}");
    return { permissions };
  }
  const verb = reader.oneOf(...VERBS);
  return { verb, resource: reader.name() };
}

function readPlace(reader: Reader): Place {
  if (reader.oneOf("tenancy", "compartment") === "tenancy") return { kind: "tenancy" };
  if (reader.takes("id")) return { kind: "compartment-id", ocid: reader.name() };
  const path = [reader.name()];
  while (reader.takesMark(":")) path.push(reader.name());
  return { kind: "compartment", path };
}
