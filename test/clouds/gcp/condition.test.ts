import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ConditionScope, evaluateCondition } from "../../../src/clouds/gcp/condition.ts";
import { KEY, RING } from "./fixture.ts";

const SCOPE: ConditionScope = {
  key: KEY,
  byVersion: false,
  project: "demo",
  now: new Date("2026-11-21T10:00:00Z"),
};
const met = (expression: string, scope = SCOPE) => evaluateCondition(expression, scope).met;

describe("what is known", () => {
  test.each([
    [`resource.name == "${KEY}"`, "yes"],
    [`resource.name != "${KEY}"`, "no"],
    [`resource.name.startsWith("${RING}/")`, "yes"],
    [`resource.name.startsWith("projects/demo/locations/us/")`, "no"],
    [`resource.name.endsWith("/cryptoKeys/symmetric")`, "yes"],
    [`resource.name.extract("keyRings/{ring}/") == "demo"`, "yes"],
    [`resource.name.extract("/cryptoKeys/{key}") == "symmetric"`, "yes"],
    [`resource.name.extract("/secrets/{secret}") == ""`, "yes"],
    [`resource.type == "cloudkms.googleapis.com/CryptoKey"`, "yes"],
    [`resource.type in ["a", "cloudkms.googleapis.com/KeyRing"]`, "no"],
    [`resource.service == "cloudkms.googleapis.com" && resource.name.contains("demo")`, "yes"],
    [`resource.service == "storage.googleapis.com"`, "no"],
    [`!(resource.service == "storage.googleapis.com")`, "yes"],
    [`resource.type == "x" ? false : true`, "yes"],
    ["1 == 1", "yes"],
  ])("%s: %s", (expression, answer) => {
    expect(met(expression)).toBe(answer);
  });
});

describe("time goes on", () => {
  test.each([
    [`request.time < timestamp("2020-01-01T00:00:00Z")`, "no"],
    [`request.time < timestamp("2030-01-01T00:00:00Z")`, "yes"],
    [`request.time < timestamp("2026-11-21T10:00:00Z")`, "no"],
    [`request.time <= timestamp("2026-11-21T09:59:59+00:00")`, "no"],
    [`request.time > timestamp("2020-01-01T00:00:00Z")`, "yes"],
    [`request.time >= timestamp("2026-11-21T10:00:00Z")`, "yes"],
    [`request.time > timestamp("2026-11-21T10:00:00Z")`, "no"],
    [`request.time >= timestamp("2030-01-01T00:00:00Z")`, "no"],
    [`timestamp("2020-01-01T00:00:00Z") < request.time`, "yes"],
    [`timestamp("2020-01-01T00:00:00Z") >= request.time`, "no"],
    // What comes and goes is not to be relied on.
    [`request.time.getHours("Europe/Berlin") < 18`, "unknown"],
    [`request.time.getDayOfWeek("UTC") < 8`, "unknown"],
    [`request.time < timestamp("tomorrow")`, "unknown"],
    [`request.time == timestamp("2020-01-01T00:00:00Z")`, "unknown"],
    [`request.time < timestamp("2020-01-01T00:00:00Z") + duration("1s")`, "unknown"],
  ])("%s: %s", (expression, answer) => {
    expect(met(expression)).toBe(answer);
  });

  test("what it depends on is named", () => {
    expect(evaluateCondition(`request.time.getHours("UTC") < 18`, SCOPE).on).toEqual([
      `request.time.getHours("UTC") < 18`,
    ]);
  });
});

describe("what holds until a date", () => {
  const [SOON, LATER, LATEST] = ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"];
  const ends = (date: string) => `request.time < timestamp("${date}")`;
  const from = (date: string) => `request.time >= timestamp("${date}")`;
  const unknown = `resource.matchTag("a", "b")`;

  test.each([
    ["true", null],
    [ends(SOON), SOON],
    [`request.time <= timestamp("${SOON}")`, SOON],
    [`timestamp("${SOON}") > request.time`, SOON],
    [`!(${from(SOON)})`, SOON],
    [`${ends(LATER)} && ${ends(SOON)}`, SOON],
    [`${ends(LATER)} || ${ends(SOON)}`, LATER],
    [`${ends(SOON)} || true`, null],
    [`${ends(SOON)} || ${from(SOON)}`, null],
    [`${ends(SOON)} || ${from(LATER)}`, SOON],
    [`${ends(SOON)} ? true : ${ends(LATER)}`, LATER],
    [`${ends(SOON)} ? true : (${ends(LATER)} ? true : ${ends(LATEST)})`, LATEST],
    // What it depends on then is not known: it can only be said to hold up to there.
    [`${ends(SOON)} || ${unknown}`, SOON],
    [`${from("2020-01-01T00:00:00Z")} && ${ends(LATEST)}`, LATEST],
  ])("%s: %s", (expression, end) => {
    const { met, until } = evaluateCondition(expression, SCOPE);
    expect({ met, until: until === null ? null : new Date(until).toISOString().replace(".000Z", "Z") }).toEqual({
      met: "yes",
      until: end,
    });
  });

  test("what does not hold has no end", () => {
    expect(evaluateCondition(ends("2020-01-01T00:00:00Z"), SCOPE).until).toBeNull();
    expect(evaluateCondition(`${ends(SOON)} && ${unknown}`, SCOPE).until).toBeNull();
  });

  test("more dates than anybody writes are not all looked at", () => {
    const dates = Array.from({ length: 60 }, (_, index) => `${2030 + index}-01-01T00:00:00Z`);
    const { until } = evaluateCondition(dates.map(ends).join(" || "), SCOPE);
    expect(until).toBe(Date.parse("2042-01-01T00:00:00Z"));
  });
});

describe("what is not known", () => {
  test.each([
    `resource.matchTag("123/env", "prod")`,
    `api.getAttribute("x", []).hasOnly(["y"])`,
    `request.auth.claims.x == "y"`,
    `resource.name.matches("(a+)+$")`,
    "[1, 2, 3].exists(x, x > 2)",
    "has(resource.name)",
    `resource["name"] == "x"`,
    `resource.name == "projects/" + "demo"`,
    "resource.name",
    "resource.name && true",
    "1 / 0 == 1",
    "",
    "((((",
    `resource.name == "projects/123456/locations/l"`,
  ])("%s", (expression) => {
    expect(met(expression)).toBe("unknown");
    expect(evaluateCondition(expression, SCOPE).on).not.toEqual([]);
  });

  test("an unknown part decides only when the rest does not", () => {
    const unknown = `resource.matchTag("a", "b")`;
    expect(met(`${unknown} && resource.service == "x"`)).toBe("no");
    expect(met(`${unknown} || resource.service != "x"`)).toBe("yes");
    expect(met(`${unknown} || resource.service == "x"`)).toBe("unknown");
    expect(met(`${unknown} ? true : true`)).toBe("yes");
    expect(met(`${unknown} ? true : false`)).toBe("unknown");
    expect(met(`!${unknown}`)).toBe("unknown");
  });

  test("the requests do not agree: an asymmetric key is used by the name of a version, whichever that is by then", () => {
    const scope = { ...SCOPE, byVersion: true };
    for (const expression of [
      `resource.name == "${KEY}"`,
      `resource.name == "${KEY}/cryptoKeyVersions/2"`,
      `resource.name != "${KEY}/cryptoKeyVersions/17"`,
      `resource.name.contains("/cryptoKeyVersions/1")`,
      `resource.name.extract("cryptoKeyVersions/{version}") == "7"`,
      `resource.name < "${KEY}/cryptoKeyVersions/5"`,
      `resource.type == "cloudkms.googleapis.com/CryptoKeyVersion"`,
    ]) {
      expect(met(expression, scope)).toBe("unknown");
    }
    expect(met(`resource.name.startsWith("${KEY}")`, scope)).toBe("yes");
    expect(met(`resource.name.startsWith("${KEY}/x")`, scope)).toBe("no");
    const numbers = Array.from({ length: 50 }, (_, number) => `resource.name == "${number}"`).join(" || ");
    expect(met(`${numbers} || true`, scope)).toBe("unknown");
    expect(met(`resource.name == "${KEY}"`)).toBe("yes");
    expect(evaluateCondition(`resource.name == "${KEY}"`, scope).on).toEqual([`resource.name == "${KEY}"`]);
  });

  test("a reference by the project's number", () => {
    expect(met(`resource.name.startsWith("projects/demo/")`, { ...SCOPE, project: "42" })).toBe("unknown");
  });
});

describe("hostile expressions", () => {
  test.each([
    ["deep", `${"!(".repeat(2_000)}true${")".repeat(2_000)}`],
    ["deeper", `${"(".repeat(4_000)}true${")".repeat(4_000)}`],
    ["long", Array.from({ length: 2_000 }, () => "true").join("&&")],
    ["longer than IAM takes", `resource.name == "${"x".repeat(100_000)}"`],
    ["a regular expression", `"${"a".repeat(60)}!".matches("^(a+)+$")`],
    ["nested macros", "[1,2,3].all(a, [1,2,3].all(b, [1,2,3].all(c, [1,2,3].all(d, true))))"],
    ["strings that grow", `"${"x".repeat(3_000)}" + "${"x".repeat(3_000)}" == "x"`],
  ])("%s", (_, expression) => {
    const begin = performance.now();
    expect(["unknown", "no", "yes"]).toContain(met(expression));
    expect(performance.now() - begin).toBeLessThan(500);
  });

  test("never throws", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: "grapheme" }), (expression) => {
        met(expression);
      }),
      { numRuns: 500 },
    );
    const words = [
      "resource.name",
      "request.time",
      "==",
      "&&",
      "||",
      "!",
      "(",
      ")",
      '"x"',
      "true",
      ".startsWith(",
      "?",
      ":",
      "[",
      "]",
      "in",
      "<",
      "timestamp(",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 25 }), (parts) => {
        met(parts.join(" "));
      }),
      { numRuns: 2_000 },
    );
  });
});

test("Kleene's logic, held against plain logic in every world", () => {
  const leaf = fc.constantFrom("true", "false", 'resource.matchTag("a", "b")', 'resource.matchTag("c", "d")');
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => `(${a} && ${b})`),
      fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => `(${a} || ${b})`),
      tie("tree").map((a) => `!(${a})`),
    ),
  }));
  fc.assert(
    fc.property(tree, (expression) => {
      const answer = met(expression);
      for (const [a, b] of [
        ["true", "true"],
        ["true", "false"],
        ["false", "true"],
        ["false", "false"],
      ] as const) {
        const world = expression
          .replaceAll('resource.matchTag("a", "b")', a)
          .replaceAll('resource.matchTag("c", "d")', b);
        const plain = met(world);
        if (answer !== "unknown") expect(plain).toBe(answer);
      }
    }),
    { numRuns: 500 },
  );
});
