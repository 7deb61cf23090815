// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written like this
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateCondition } from "../../../src/clouds/aws/condition.ts";
import type { ContextValue, ValueType } from "../../../src/clouds/aws/context.ts";
import { fits, wildcards } from "../../../src/clouds/aws/glob.ts";
import { OPERATORS } from "../../../src/clouds/aws/operators.ts";
import type { ConditionValue } from "../../../src/clouds/aws/statement.ts";
import type { Variables } from "../../../src/clouds/aws/variables.ts";

const ROLE = "arn:aws:iam::111122223333:role/path/anchor";

function known(type: ValueType, ...values: string[]): ContextValue {
  return { state: "known", type, values };
}

const CONTEXT: ReadonlyMap<string, ContextValue> = new Map<string, ContextValue>([
  ["aws:principalarn", known("arn", ROLE)],
  ["aws:principalaccount", known("string", "111122223333")],
  ["x:word", known("string", "Alpha")],
  ["x:empty", known("string", "")],
  ["x:stars", known("string", "a*b?$c")],
  ["x:number", known("number", "10")],
  ["x:date", known("date", "2026-06-01T12:00:00Z")],
  ["x:flag", known("bool", "true")],
  ["x:off", known("bool", "false")],
  ["x:bytes", known("binary", "QmluYXJ5VmFsdWVJbkJhc2U2NA==")],
  ["x:ip", known("ip", "203.0.113.7")],
  ["x:ip6", known("ip", "2001:db8::7")],
  ["x:tags", known("string", "red", "green")],
  ["x:gone", { state: "absent" }],
  ["x:there", { state: "present" }],
]);

function met(operator: string, key: string, value: ConditionValue, variables: Variables = "on") {
  return evaluateCondition({ [operator]: { [key]: value } }, { context: CONTEXT, variables }).met;
}

type Row = readonly [operator: string, key: string, value: ConditionValue, answer: "yes" | "no" | "unknown"];

const TABLES: Readonly<Record<string, readonly Row[]>> = {
  "strings of a known key": [
    ["StringEquals", "x:word", "Alpha", "yes"],
    ["StringEquals", "X:WORD", "Alpha", "yes"],
    ["StringEquals", "x:word", "alpha", "no"],
    ["StringEquals", "x:word", ["Beta", "Alpha"], "yes"],
    ["StringEquals", "x:word", "Al*", "no"],
    ["StringEquals", "x:empty", "", "yes"],
    ["StringEquals", "aws:PrincipalAccount", 111122223333, "yes"],
    ["StringNotEquals", "x:word", "Beta", "yes"],
    ["StringNotEquals", "x:word", ["Beta", "Alpha"], "no"],
    ["StringEqualsIgnoreCase", "x:word", "ALPHA", "yes"],
    ["StringEqualsIgnoreCase", "x:word", "AL*", "no"],
    ["StringNotEqualsIgnoreCase", "x:word", "ALPHA", "no"],
    ["StringLike", "x:word", "Al*", "yes"],
    ["StringLike", "x:word", "?lph?", "yes"],
    ["StringLike", "x:word", "al*", "no"],
    ["StringLike", "x:word", "Alph", "no"],
    ["StringLike", "x:empty", "*", "yes"],
    ["StringLike", "x:empty", "?", "no"],
    ["StringNotLike", "x:word", ["B*", "C*"], "yes"],
    ["StringNotLike", "x:word", ["B*", "A*"], "no"],
    ["StringLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*", "yes"],
    ["StringEquals", "x:word", [], "unknown"],
  ],
  "ARNs, part by part": [
    ["ArnEquals", "aws:PrincipalArn", ROLE, "yes"],
    ["ArnEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*", "yes"],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*/anchor", "yes"],
    ["ArnLike", "aws:PrincipalArn", "arn:*:iam::111122223333:*", "yes"],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::11112222333?:role/path/anchor", "yes"],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:*:111122223333:role/path/anchor:*", "no"],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/anchor", "no"],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:ROLE/path/anchor", "no"],
    ["ArnNotEquals", "aws:PrincipalArn", ROLE, "no"],
    ["ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::999999999999:role/*", "yes"],
    ["ArnLike", "aws:PrincipalArn", "*", "unknown"],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::*", "unknown"],
    ["ArnEquals", "x:word", "arn:aws:iam::1:role/x", "unknown"],
  ],
  numbers: [
    ["NumericEquals", "x:number", "10.0", "yes"],
    ["NumericEquals", "x:number", 11, "no"],
    ["NumericNotEquals", "x:number", ["11", "12"], "yes"],
    ["NumericLessThan", "x:number", "10", "no"],
    ["NumericLessThanEquals", "x:number", "10", "yes"],
    ["NumericGreaterThan", "x:number", "9", "yes"],
    ["NumericGreaterThanEquals", "x:number", "11", "no"],
    ["NumericEquals", "x:number", "ten", "unknown"],
    ["NumericEquals", "x:number", "", "unknown"],
    ["NumericEquals", "aws:PrincipalAccount", "111122223333", "unknown"],
  ],
  dates: [
    ["DateEquals", "x:date", "2026-06-01T14:00:00+02:00", "yes"],
    ["DateEquals", "x:date", "1780315200", "yes"],
    ["DateNotEquals", "x:date", "2026-06-01", "yes"],
    ["DateLessThan", "x:date", "2026-06-01T12:00:01Z", "yes"],
    ["DateLessThanEquals", "x:date", "2026-06-01T11:59:59Z", "no"],
    ["DateGreaterThan", "x:date", "2026-06-01", "yes"],
    ["DateGreaterThanEquals", "x:date", "2027-01-01", "no"],
    ["DateLessThan", "x:date", "tomorrow", "unknown"],
    ["DateLessThan", "x:date", "2027", "unknown"],
  ],
  booleans: [
    ["Bool", "x:flag", "true", "yes"],
    ["Bool", "x:flag", true, "yes"],
    ["Bool", "x:flag", "TRUE", "yes"],
    ["Bool", "x:flag", "false", "no"],
    ["Bool", "x:off", false, "yes"],
    ["Bool", "x:flag", "1", "unknown"],
    ["Bool", "x:word", "true", "unknown"],
    ["StringEquals", "x:flag", "true", "unknown"],
  ],
  bytes: [
    ["BinaryEquals", "x:bytes", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "yes"],
    ["BinaryEquals", "x:bytes", "QmluYXJ5VmFsdWVJbkJhc2U2NA", "yes"],
    ["BinaryEquals", "x:bytes", "AAAA", "no"],
    ["BinaryEquals", "x:bytes", "not base64!", "unknown"],
  ],
  addresses: [
    ["IpAddress", "x:ip", "203.0.113.0/24", "yes"],
    ["IpAddress", "x:ip", "203.0.113.7", "yes"],
    ["IpAddress", "x:ip", ["10.0.0.0/8", "192.168.0.0/16"], "no"],
    ["IpAddress", "x:ip", "0.0.0.0/0", "yes"],
    ["IpAddress", "x:ip", "2001:db8::/32", "no"],
    ["IpAddress", "x:ip", "::/0", "no"],
    ["IpAddress", "x:ip6", "2001:DB8::/32", "yes"],
    ["IpAddress", "x:ip6", "2001:db8:0:0:0:0:0:7/128", "yes"],
    ["IpAddress", "x:ip6", "2001:db8::8/125", "no"],
    ["NotIpAddress", "x:ip", "203.0.113.0/24", "no"],
    ["NotIpAddress", "x:ip", ["10.0.0.0/8", "192.168.0.0/16"], "yes"],
    ["IpAddress", "x:ip", "203.0.113.0/33", "unknown"],
    ["IpAddress", "x:ip", "203.0.113", "unknown"],
    ["IpAddress", "x:ip", "office", "unknown"],
  ],
  "keys that are not in the request": [
    ["StringEquals", "x:gone", "a", "no"],
    ["StringLike", "x:gone", "*", "no"],
    ["StringNotEquals", "x:gone", "a", "yes"],
    ["StringNotLike", "x:gone", "*", "yes"],
    ["ArnNotEquals", "x:gone", ROLE, "yes"],
    ["NumericNotEquals", "x:gone", "1", "yes"],
    ["NumericLessThan", "x:gone", "1", "no"],
    ["DateNotEquals", "x:gone", "2026-01-01", "yes"],
    ["NotIpAddress", "x:gone", "10.0.0.0/8", "yes"],
    ["Bool", "x:gone", "false", "no"],
    ["StringEqualsIfExists", "x:gone", "a", "yes"],
    ["StringNotEqualsIfExists", "x:gone", "a", "yes"],
    ["BoolIfExists", "x:gone", "true", "yes"],
    ["Null", "x:gone", "true", "yes"],
    ["Null", "x:gone", "false", "no"],
    ["Null", "x:gone", false, "no"],
  ],
  "keys that are there with a value nobody knows": [
    ["StringEquals", "x:there", "a", "unknown"],
    ["StringNotEquals", "x:there", "a", "unknown"],
    ["StringEqualsIfExists", "x:there", "a", "unknown"],
    ["StringLike", "x:there", "*", "yes"],
    ["StringLike", "x:there", ["a", "**"], "yes"],
    ["StringNotLike", "x:there", "*", "no"],
    ["DateLessThan", "x:there", "2027-01-01", "unknown"],
    ["ForAllValues:StringLike", "x:there", "*", "yes"],
    ["ForAnyValue:StringLike", "x:there", "*", "unknown"],
    ["ForAllValues:StringNotLike", "x:there", "*", "unknown"],
    ["ForAnyValue:StringNotLike", "x:there", "*", "unknown"],
    ["Null", "x:there", "true", "no"],
    ["Null", "x:there", ["false"], "yes"],
    ["Null", "x:there", "maybe", "unknown"],
  ],
  "keys of which nothing is known": [
    ["StringEquals", "aws:PrincipalOrgID", "o-abc123", "unknown"],
    ["StringNotEquals", "aws:PrincipalOrgID", "o-abc123", "unknown"],
    ["StringEqualsIfExists", "aws:PrincipalOrgID", "o-abc123", "unknown"],
    ["StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-abc123", "unknown"],
    ["StringLike", "aws:PrincipalOrgID", "*", "unknown"],
    ["StringLikeIfExists", "aws:PrincipalOrgID", "*", "yes"],
    ["StringNotLike", "aws:PrincipalOrgID", "*", "unknown"],
    ["IpAddress", "aws:SourceIp", "10.0.0.0/8", "unknown"],
    ["NotIpAddressIfExists", "aws:SourceIp", "10.0.0.0/8", "unknown"],
    ["Null", "kms:EncryptionContextKeys", "true", "unknown"],
    ["Null", "kms:EncryptionContextKeys", ["true", "false"], "unknown"],
    ["ForAllValues:StringEquals", "kms:EncryptionContextKeys", "app", "unknown"],
    ["ForAllValues:StringLike", "kms:EncryptionContextKeys", "*", "yes"],
    ["ForAnyValue:StringLike", "kms:EncryptionContextKeys", "*", "unknown"],
    ["StringEquals", "constructor", "x", "unknown"],
    ["StringEquals", "__proto__", "x", "unknown"],
  ],
  "set words": [
    ["ForAllValues:StringEquals", "x:tags", ["red", "green", "blue"], "yes"],
    ["ForAllValues:StringEquals", "x:tags", ["red"], "no"],
    ["ForAllValues:StringLike", "x:tags", ["*e*"], "yes"],
    ["ForAllValues:StringNotEquals", "x:tags", ["blue"], "yes"],
    ["ForAllValues:StringNotEquals", "x:tags", ["red"], "no"],
    ["ForAnyValue:StringEquals", "x:tags", ["green"], "yes"],
    ["ForAnyValue:StringEquals", "x:tags", ["blue"], "no"],
    ["ForAnyValue:StringNotEquals", "x:tags", ["red"], "yes"],
    ["ForAnyValue:StringNotEquals", "x:tags", ["red", "green"], "no"],
    ["ForAllValues:StringEquals", "x:word", "Alpha", "yes"],
    ["ForAllValues:StringEquals", "x:gone", "a", "yes"],
    ["ForAllValues:StringNotEquals", "x:gone", "a", "yes"],
    ["ForAllValues:BoolIfExists", "x:gone", "true", "yes"],
    ["ForAnyValue:StringEquals", "x:gone", "a", "no"],
    ["ForAnyValue:StringNotEquals", "x:gone", "a", "unknown"],
    ["ForAnyValue:StringEqualsIfExists", "x:gone", "a", "unknown"],
    ["StringEquals", "x:tags", ["red"], "unknown"],
  ],
  "operators that nobody documents": [
    ["StringSounds", "x:word", "Alpha", "unknown"],
    ["stringequals", "x:word", "Alpha", "unknown"],
    ["StringLikeIgnoreCase", "x:word", "alpha", "unknown"],
    ["NullIfExists", "x:gone", "true", "unknown"],
    ["ForAnyValue:Null", "x:gone", "true", "unknown"],
    ["ForSomeValues:StringEquals", "x:word", "Alpha", "unknown"],
    ["IfExists", "x:gone", "a", "unknown"],
    ["constructor", "x:word", "Alpha", "unknown"],
    ["", "x:word", "Alpha", "unknown"],
  ],
  "policy variables": [
    ["StringEquals", "aws:PrincipalArn", "${aws:PrincipalArn}", "yes"],
    ["StringEquals", "aws:PrincipalAccount", "${AWS:PrincipalAccount}", "yes"],
    ["StringLike", "aws:PrincipalArn", "arn:aws:iam::${aws:PrincipalAccount}:role/*", "yes"],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::${aws:PrincipalAccount}:role/path/*", "yes"],
    ["StringEquals", "x:stars", "a${*}b${?}${$}c", "yes"],
    ["StringLike", "x:stars", "a${*}b${?}${$}c", "yes"],
    ["StringLike", "x:word", "A${*}", "no"],
    ["StringEquals", "x:word", "${x:gone, 'Alpha'}", "yes"],
    ["StringEquals", "x:word", "${x:word, 'Beta'}", "yes"],
    ["StringNotEquals", "x:word", "${x:gone, 'Alpha'}", "no"],
    ["StringEquals", "x:word", "${x:gone}", "unknown"],
    ["StringEquals", "x:word", "${x:gone, '*'}", "unknown"],
    ["StringEquals", "x:word", "${x:gone, Alpha}", "unknown"],
    ["StringEquals", "x:word", "${aws:PrincipalTag/team}", "unknown"],
    ["StringEquals", "x:word", "${aws:PrincipalTag/team, 'Alpha'}", "unknown"],
    ["StringEquals", "x:word", ["${aws:PrincipalTag/team}", "Alpha"], "yes"],
    ["StringEquals", "x:word", "${x:tags}", "unknown"],
    ["StringEquals", "x:word", "${", "unknown"],
    ["StringEquals", "x:word", "${}", "unknown"],
    ["NumericEquals", "x:number", "${x:number}", "unknown"],
    ["Bool", "x:flag", "${x:flag}", "unknown"],
  ],
};

for (const [title, rows] of Object.entries(TABLES)) {
  test.each(rows)(`${title}: %s %s %j is %s`, (operator, key, value, answer) => {
    expect(met(operator, key, value)).toBe(answer);
  });
}

describe("without the version of the language that has variables", () => {
  test.each([
    ["StringEquals", "x:word", "${x:word}", "no"],
    ["StringNotEquals", "x:word", "${x:word}", "yes"],
    ["StringLike", "x:word", "Al*", "yes"],
  ] as const)("%s %s %j is %s", (operator, key, value, answer) => {
    expect(met(operator, key, value, "off")).toBe(answer);
  });

  test("a version that is not known leaves variables open", () => {
    expect(met("StringEquals", "x:word", "${x:word}", "unknown")).toBe("unknown");
    expect(met("StringEquals", "x:word", "Alpha", "unknown")).toBe("yes");
  });
});

describe("a whole Condition", () => {
  const scope = { context: CONTEXT, variables: "on" as const };

  test("is met when there is none, or nothing in it", () => {
    expect(evaluateCondition(undefined, scope).met).toBe("yes");
    expect(evaluateCondition({}, scope).met).toBe("yes");
    expect(evaluateCondition({ StringEquals: {} }, scope).met).toBe("yes");
  });

  test("needs every operator and every key", () => {
    const good = { "x:word": "Alpha", "x:flag": "?" };
    expect(evaluateCondition({ StringEquals: { "x:word": "Alpha" }, Bool: { "x:flag": "true" } }, scope).met).toBe(
      "yes",
    );
    expect(evaluateCondition({ StringEquals: { ...good, "x:gone": "b" } }, scope).met).toBe("no");
    expect(evaluateCondition({ StringEquals: { "x:word": "Beta", "aws:PrincipalOrgID": "o-1" } }, scope).met).toBe(
      "no",
    );
  });

  test("names key, operator and values, of what is open and of what fails", () => {
    const result = evaluateCondition(
      {
        StringEquals: { "aws:PrincipalOrgID": "o-abc123", "x:word": ["B", "C"] },
        Bool: { "aws:ViaAWSService": false },
      },
      scope,
    );
    expect(result.on).toEqual(["aws:PrincipalOrgID StringEquals o-abc123", "aws:ViaAWSService Bool false"]);
    expect(result.failed).toEqual(["x:word StringEquals B or C"]);
    const many = evaluateCondition({ StringEquals: { "aws:SourceVpc": ["a", "b", "c", "d", "e", "f", "g"] } }, scope);
    expect(many.on).toEqual(["aws:SourceVpc StringEquals a or b or c or d or e or others"]);
  });
});

/** Values that policies are made of, so that matches are not a rarity. */
const word = fc.constantFrom(
  "Alpha",
  "alpha",
  "Al*",
  "*",
  "?lpha",
  "",
  "true",
  "false",
  "10",
  ROLE,
  "arn:aws:iam::*:role/*",
  "10.0.0.0/8",
  "2026-01-01",
  "${x:word}",
  "${x:gone, 'Alpha'}",
);
const operatorName = fc
  .tuple(
    fc.constantFrom("", "", "ForAllValues:", "ForAnyValue:"),
    fc.constantFrom("Null", "Odd", ...OPERATORS.keys()),
    fc.constantFrom("", "IfExists"),
  )
  .map((parts) => parts.join(""));
const worlds: readonly ContextValue[] = [
  { state: "absent" },
  { state: "present" },
  // A list that is there and empty.
  known("string"),
  ...["Alpha", "", "alpha", "10", "true", ROLE, "10.1.2.3", "2026-01-01"].map((value) => known("string", value)),
  known("arn", ROLE),
  known("bool", "true"),
  known("bool", "false"),
  known("number", "10"),
  known("date", "2026-01-01"),
  known("ip", "10.1.2.3"),
];

describe("properties", () => {
  const inWorld = (world: ContextValue, operator: string, values: readonly string[]) =>
    evaluateCondition(
      { [operator]: { "y:key": values } },
      { context: new Map([...CONTEXT, ["y:key", world]]), variables: "on" },
    ).met;

  test("what is said without knowing a key holds whatever the key turns out to be", () => {
    fc.assert(
      fc.property(
        operatorName,
        fc.array(word, { maxLength: 3 }),
        fc.constantFrom(...worlds),
        (operator, values, world) => {
          const blind = inWorld({ state: "unknown" }, operator, values);
          const sighted = inWorld(world, operator, values);
          return blind === "unknown" || sighted === "unknown" || blind === sighted;
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("the order of values does not matter", () => {
    fc.assert(
      fc.property(
        operatorName,
        fc.array(word, { maxLength: 4 }),
        fc.constantFrom(...worlds),
        (operator, values, world) => {
          return inWorld(world, operator, values) === inWorld(world, operator, values.toReversed());
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("a negated operator says the opposite for a key with one value", () => {
    for (const [positive, negative] of [
      ["StringEquals", "StringNotEquals"],
      ["StringLike", "StringNotLike"],
      ["ArnLike", "ArnNotLike"],
      ["IpAddress", "NotIpAddress"],
    ] as const) {
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), fc.constantFrom(...worlds), (values, world) => {
          const opposite = { yes: "no", no: "yes", unknown: "unknown" } as const;
          return inWorld(world, negative, values) === opposite[inWorld(world, positive, values)];
        }),
      );
    }
  });

  test("never throws, whatever the words", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.array(fc.string()), (operator, key, values) => {
        return ["yes", "no", "unknown"].includes(met(operator, key, values));
      }),
    );
  });
});

describe("wildcards", () => {
  test.each([
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["?", "", false],
    ["a*", "a", true],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-b-b", false],
    ["*ab", "aab", true],
    ["*a?b", "xxaab", true],
    ["a**b", "ab", true],
    ["a.c", "abc", false],
    ["[a]", "a", false],
    ["(a+)+$", "aaaa", false],
    ["kms:*crypt", "kms:decrypt", true],
  ])("%j fits %j: %s", (pattern, value, expected) => {
    expect(fits(wildcards(pattern), value)).toBe(expected);
  });

  test("agree with a naive reading", () => {
    const naive = (pattern: string, value: string): boolean => {
      if (pattern === "") return value === "";
      if (pattern[0] === "*") return naive(pattern.slice(1), value) || (value !== "" && naive(pattern, value.slice(1)));
      return value !== "" && (pattern[0] === "?" || pattern[0] === value[0]) && naive(pattern.slice(1), value.slice(1));
    };
    const letters = (chars: string[], maxLength: number) =>
      fc.array(fc.constantFrom(...chars), { maxLength }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(letters(["a", "b", "*", "?"], 7), letters(["a", "b"], 8), (pattern, value) => {
        return fits(wildcards(pattern), value) === naive(pattern, value);
      }),
      { numRuns: 2000 },
    );
  });

  test("take bounded time for hostile patterns", () => {
    const started = performance.now();
    expect(fits(wildcards(`${"a*".repeat(8_000)}b`), "a".repeat(4_000))).toBe(false);
    expect(fits(wildcards(`${"*a".repeat(8_000)}*`), "a".repeat(20_000))).toBe(true);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
