import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { list, parseKeyPolicy, statementLabel } from "../../../src/clouds/aws/statement.ts";

const ALLOW = { Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" };

function parse(value: unknown) {
  return parseKeyPolicy(JSON.stringify(value));
}

describe("parseKeyPolicy", () => {
  test("takes a list of statements", () => {
    expect(parse({ Version: "2012-10-17", Id: "x", Statement: [ALLOW, ALLOW] })).toEqual({
      known: true,
      value: { Version: "2012-10-17", Id: "x", Statement: [ALLOW, ALLOW] },
    });
  });

  test("takes a bare statement", () => {
    expect(parse({ Statement: ALLOW })).toEqual({ known: true, value: { Statement: [ALLOW] } });
  });

  test("keeps what it does not know, in the owner's order", () => {
    const text = `{"Zeta":1,"Statement":[{"Resource":"*","Note":{"a":[1]},"Effect":"Deny","Action":"*"}],"Version":"2012-10-17"}`;
    const policy = parseKeyPolicy(text);
    expect(policy.known && JSON.stringify(policy.value)).toBe(text);
  });

  test("keeps keys that would be a prototype elsewhere", () => {
    const text = `{"Statement":[{"Effect":"Allow","__proto__":{"Action":"*"},"Condition":{"__proto__":{"constructor":"x"}}}]}`;
    const policy = parseKeyPolicy(text);
    expect(policy.known && JSON.stringify(policy.value)).toBe(text);
    expect(policy.known && policy.value.Statement[0]?.Action).toBeUndefined();
  });

  test.each([
    ["no statements at all", { Statement: [] }],
    ["a statement without Action and Resource", { Statement: [{ Effect: "Allow", Principal: "*" }] }],
    ["principals of every kind", { Statement: [{ ...ALLOW, Principal: { AWS: ["1"], Service: "s", Federated: [] } }] }],
    ["NotPrincipal, NotAction, NotResource", { Statement: [{ Effect: "Deny", NotPrincipal: { AWS: "1" } }] }],
    [
      "numbers and booleans in conditions",
      { Statement: [{ ...ALLOW, Condition: { Bool: { k: true }, N: { k: [1] } } }] },
    ],
    ["an empty condition", { Statement: [{ ...ALLOW, Condition: {} }] }],
  ])("takes %s", (_, value) => {
    expect(parse(value).known).toBe(true);
  });

  test.each([
    ["a list", []],
    ["a string", "policy"],
    ["null", null],
    ["no Statement", { Version: "2012-10-17" }],
    ["a Statement that is a string", { Statement: "*" }],
    ["a statement that is null", { Statement: [null] }],
    ["a statement that is a list", { Statement: [[ALLOW]] }],
    ["no Effect", { Statement: [{ Action: "*" }] }],
    ["an Effect in small letters", { Statement: [{ Effect: "allow" }] }],
    ["a Sid that is a number", { Statement: [{ ...ALLOW, Sid: 1 }] }],
    ["an Action that is an object", { Statement: [{ ...ALLOW, Action: {} }] }],
    ["an Action that is null", { Statement: [{ ...ALLOW, Action: null }] }],
    ["a list of numbers for Resource", { Statement: [{ ...ALLOW, Resource: [1] }] }],
    ["a Principal that is a list", { Statement: [{ ...ALLOW, Principal: ["*"] }] }],
    ["a Principal that is null", { Statement: [{ ...ALLOW, Principal: null }] }],
    ["a Principal with an object inside", { Statement: [{ ...ALLOW, Principal: { AWS: { a: "1" } } }] }],
    ["a Condition that is a string", { Statement: [{ ...ALLOW, Condition: "no" }] }],
    ["a Condition that is a list", { Statement: [{ ...ALLOW, Condition: [] }] }],
    ["an operator that is a string", { Statement: [{ ...ALLOW, Condition: { Bool: "true" } }] }],
    ["a condition value that is null", { Statement: [{ ...ALLOW, Condition: { Bool: { k: null } } }] }],
    ["a condition value that is nested", { Statement: [{ ...ALLOW, Condition: { Bool: { k: [["x"]] } } }] }],
    ["a Version that is a number", { Version: 2012, Statement: [] }],
  ])("cannot read %s", (_, value) => {
    expect(parse(value)).toMatchObject({ known: false, why: { code: "look.unsupported" } });
  });

  test.each([[""], ["{"], ["<html>"], ["{'Statement': []}"], ["undefined"]])("cannot look into %j", (text) => {
    expect(parseKeyPolicy(text)).toMatchObject({ known: false, why: { code: "look.unreachable" } });
  });

  test("says which statement it cannot read", () => {
    const policy = parse({ Statement: [ALLOW, { Effect: "Maybe" }] });
    expect(!policy.known && policy.why.detail).toContain("statement 2 has no Effect");
  });

  test("never throws", () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parseKeyPolicy(text).known === "boolean"));
    fc.assert(fc.property(fc.json(), (text) => typeof parseKeyPolicy(text).known === "boolean"));
    const deep = `{"Statement":[{"Effect":"Allow","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}]}`;
    expect(typeof parseKeyPolicy(deep).known).toBe("boolean");
  });
});

test.each([
  [undefined, []],
  ["a", ["a"]],
  ["", [""]],
  [
    ["a", "b"],
    ["a", "b"],
  ],
  [[], []],
])("list(%j) is %j", (value, items) => {
  expect(list(value)).toEqual(items);
});

test.each([
  ["Allow use", 0, 'statement "Allow use"'],
  ["", 1, "statement 2 (no Sid)"],
  [undefined, 2, "statement 3 (no Sid)"],
])("the label of Sid %j at %i is %s", (sid, index, label) => {
  expect(statementLabel(sid === undefined ? { Effect: "Allow" } : { Effect: "Allow", Sid: sid }, index)).toBe(label);
});
