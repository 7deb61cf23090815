import { createHash } from "node:crypto";
import { Script } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standing } from "../../src/core/report.ts";
import { htmlWriter } from "../../src/report/html.ts";
import { type ReportInput, WORST_FIRST, writeReport } from "../../src/report/input.ts";
import { html } from "../../src/report/markup.ts";
import { SCRIPT } from "../../src/report/script.ts";
import { STYLE } from "../../src/report/style.ts";
import { daysAgo, fleet, HOSTILE, hostileInput, hostileSketch, inputOf, key, transition } from "./fleet.ts";

function written(input: ReportInput): string {
  return writeReport(htmlWriter(), input);
}

/** The tags of a page, its own style and script left out. */
function tags(page: string): readonly string[] {
  return (
    page
      .replace(STYLE, "")
      .replace(SCRIPT, "")
      .match(/<[^>]*>/g) ?? []
  );
}

/** What a reader sees of the page, tags left out. */
function visible(page: string): string {
  const named: Readonly<Record<string, string>> = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
    "&#96;": "`",
  };
  return page
    .replace(/<head>.*<\/head>|<script>.*<\/script>/gs, "")
    .replaceAll(/<wbr>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/&(?:lt|gt|quot|#39|#96);/g, (one) => named[one] ?? one)
    .replaceAll("&nbsp;", " ")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ");
}

/** The cards in the order in which they stand. */
function cards(page: string): readonly string[] {
  return page.split('<li class="key ').slice(1);
}

describe("the page", () => {
  it("has every key once, worst first, and among the failing ones first what takes most down", () => {
    const input = fleet();
    const standings = cards(written(input)).map((card) => WORST_FIRST.findIndex((word) => card.startsWith(word)));
    expect(standings).toEqual([...standings].sort());
    expect(standings).toHaveLength(input.report.keys.length);
    const counts = WORST_FIRST.map((_, rank) => standings.filter((one) => one === rank).length);
    expect(counts).toEqual(WORST_FIRST.map((word) => input.report.summary[word]));
    expect(cards(written(input))[0]).toContain("payments-archive");
  });

  it("comes out the same whatever order keys finish in", () => {
    const input = fleet();
    const turned = { ...input, report: { ...input.report, keys: [...input.report.keys].reverse() } };
    expect(written(turned)).toBe(written(input));
  });

  it("says the verdict first, in the title and in the heading", () => {
    const page = written(fleet());
    expect(page).toContain("<title>4 INVALID, 3 undetermined, 1 INITIALIZING, 32 VALID · keygrant</title>");
    expect(page).toContain("<h1>4 of 40 keys are INVALID</h1>");
    const one = (report: Parameters<typeof key>[0]) => written(inputOf([{ report: key(report), history: [] }]));
    expect(one({})).toContain("<h1>The key is VALID</h1>");
    expect(one({ phase: "INVALID" })).toContain("<h1>The key is INVALID</h1>");
    expect(one({ stale: true })).toContain("<h1>No key is INVALID, 1 of 1 could not be judged</h1>");
    expect(written(inputOf([]))).toContain("<h1>No keys</h1>");
  });

  it("names what a failing key takes down, the evidence, the fix and what changed", () => {
    const [worst = ""] = cards(written(fleet()));
    const text = visible(worst);
    expect(text).toContain("Takes down orders-pg orders-kafka ledger-pg");
    expect(text).toContain("and 1 more");
    expect(text).toContain("✕ key fail ✓ grant pass ✕ roundtrip fail ? vendor unknown");
    expect(text).toContain("Next Enable the key (AWS: aws kms enable-key ; Google Cloud:");
    expect(text).toContain("VALID → INVALID");
    expect(worst).toMatch(/aria-label="Phases from .*: VALID, then INVALID, then VALID, then INVALID"/);
  });

  it("counts services at risk once, and says where they could not be read", () => {
    const text = visible(written(fleet()));
    expect(text).toContain("10 services depend on a key that fails, and more that could not be read.");
    expect(text).toContain("Which services it takes down could not be read.");
    expect(text).toContain("legacy-billing");
  });

  it("says of a stale key why it could not be judged, and what the last verdict was", () => {
    const text = visible(written(fleet()));
    expect(text).toContain("The security token included in the request is expired. Last verdict: INVALID .");
  });

  it("counts times back from the end of the run, not from whoever reads", () => {
    const report = key({ since: daysAgo(3) });
    const page = written(inputOf([{ report, history: [] }]));
    expect(page).toContain('VALID since <span class="ago">3 days ago</span>');
    expect(SCRIPT).not.toMatch(/Date|performance/);
  });

  it("draws a failure of a minute in a year so that it is seen", () => {
    const history = [
      transition(100, "phase", "VALID", { from: "INVALID" }),
      transition(100.001, "phase", "INVALID", { from: "VALID" }),
      transition(365, "phase", "VALID"),
    ];
    const page = written(inputOf([{ report: key(), history }]));
    expect(page).toMatch(/<rect class="INVALID" x="[\d.]+" y="0" width="4.0"/);
  });

  it("is readable without its script: nothing is hidden but the filter and the word for no match", () => {
    const hidden = tags(written(fleet())).filter((tag) => / hidden[ >]/.test(tag));
    expect(hidden.map((tag) => /id="([a-z]+)"/.exec(tag)?.[1])).toEqual(["filter", "none"]);
  });

  it("tells a screen reader what it shows: landmarks, names, headings without gaps", () => {
    const page = written(fleet());
    for (const landmark of ["<header>", "<main>", "<footer>", 'role="search"', 'lang="en"']) {
      expect(page).toContain(landmark);
    }
    const levels = tags(page)
      .flatMap((tag) => (/^<h([1-6])/.exec(tag)?.[1] ?? "").split(""))
      .map(Number);
    for (const [index, level] of levels.entries()) expect(level).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1);
    const svgs = tags(page).filter((tag) => tag.startsWith("<svg"));
    for (const svg of svgs) expect(svg).toMatch(/role="img" aria-label="[^"]+"/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("the page keeps to itself", () => {
  it("loads nothing: no address is left in it but a data: icon", () => {
    const page = written(fleet());
    const addresses = [...page.matchAll(/\b(?:src|href|action|data|url)\s*[=(]\s*["']?([^"')\s>]*)/g)].map(
      ([, to]) => to,
    );
    expect(addresses.every((to) => to?.startsWith("data:image/svg+xml,"))).toBe(true);
    expect(addresses).toHaveLength(1);
  });

  it("allows its own style and script by their hashes, and nothing else", () => {
    const page = written(fleet());
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    expect(policy.replaceAll("&#39;", "'").split("; ")).toEqual([
      "default-src 'none'",
      `style-src ${hash(STYLE)}`,
      `script-src ${hash(SCRIPT)}`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(page.indexOf("Content-Security-Policy")).toBeLessThan(page.indexOf("<style>"));
    expect(page).toContain(`<style>${STYLE}</style>`);
    expect(page).toContain(`<script>${SCRIPT}</script>`);
    // What hashes do not cover: inline handlers and style attributes.
    for (const tag of tags(page)) expect(tag).not.toMatch(/\s(on\w+|style)=/);
  });

  it("has a script that parses, and that neither text can end", () => {
    expect(() => new Script(SCRIPT)).not.toThrow();
    expect(`${SCRIPT}${STYLE}`).not.toMatch(/<\/|<!--/);
    expect(SCRIPT).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function/);
  });
});

describe("text that somebody else chose", () => {
  const benign = hostileSketch("benign");

  it("makes no tag and no attribute, whatever it says", () => {
    const shape = (text: string) =>
      tags(written(inputOf([hostileSketch(text)]))).map((tag) => tag.replaceAll(/"[^"]*"/g, '""'));
    const expected = tags(written(inputOf([benign]))).map((tag) => tag.replaceAll(/"[^"]*"/g, '""'));
    // References are offered places to break, and backticks make code: both are tags of our own.
    const own = /^<\/?(wbr|code)>$/;
    const without = (all: readonly string[]) => all.filter((tag) => !own.test(tag));
    for (const text of HOSTILE) expect(without(shape(text))).toEqual(without(expected));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
        expect(without(shape(text))).toEqual(without(expected));
      }),
      { numRuns: 100 },
    );
  });

  it("is still to be read, as it is", () => {
    const text = visible(written(hostileInput()));
    expect(text).toContain(`</script><script>document.title="owned"</script>`);
    expect(text).toContain(`"><img src=x onerror=alert(1)>`);
    expect(text).toContain("&lt;script&gt; &amp; &#x3c;");
  });

  it("neither turns nor hides what stands beside it", () => {
    const page = written(hostileInput()).replaceAll("\n", "");
    expect(page.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu)).toBeNull();
    expect(page.isWellFormed()).toBe(true);
  });
});

describe("html", () => {
  it("escapes text and keeps the spaces around it", () => {
    expect(html`<p title="${`"'`}">${" a<b "}${html`<b>${"&"}</b>`}${null}${[1, " ", "x"]}</p>`.text).toBe(
      '<p title="&quot;&#39;"> a&lt;b <b>&amp;</b>1 x</p>',
    );
  });
});

describe("colours", () => {
  /** The colours by name, of one scheme: `light`, `dark` or `print`. */
  function palette(scheme: "light" | "dark" | "print"): ReadonlyMap<string, string> {
    const blocks = [...STYLE.matchAll(/:root \{([^}]*)\}/g)].map(([, block = ""]) => block);
    const wanted = { light: [0], dark: [0, 1], print: [0, 2] }[scheme];
    const pairs = wanted.flatMap((index) => [...(blocks[index] ?? "").matchAll(/--([a-z-]+): (#[0-9a-f]{3,6})\b/g)]);
    return new Map(pairs.map(([, name = "", colour = ""]) => [name, colour]));
  }

  /** Relative luminance (WCAG 2.2). */
  function luminance(colour: string): number {
    const hex = colour.length === 4 ? colour.replaceAll(/[0-9a-f]/g, "$&$&") : colour;
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(one: string, other: string): number {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  const TONES = ["bad", "open", "new", "good"];
  const PAIRS = [
    ...["page", "card", "sunk", "open-bg"].flatMap((under) => [
      ["ink", under],
      ["soft", under],
    ]),
    ...TONES.flatMap((tone) => [
      [tone, `${tone}-bg`],
      [tone, "card"],
    ]),
  ];

  it.each(["light", "dark", "print"] as const)("can be told apart by everybody: %s", (scheme) => {
    const colours = palette(scheme);
    const of = (name: string) => colours.get(name) ?? "";
    for (const [text = "", under = ""] of PAIRS) {
      expect(contrast(of(text), of(under)), `${text} on ${under}`).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast("#ffffff", of("alarm"))).toBeGreaterThanOrEqual(4.5);
    // What is no text: bars and borders (WCAG 1.4.11).
    for (const tone of TONES) {
      expect(contrast(of(`${tone}-fill`), of("card")), `${tone}-fill`).toBeGreaterThanOrEqual(3);
    }
  });

  it("covers every standing", () => {
    for (const word of WORST_FIRST) expect(STYLE).toContain(`.badge.${word}`);
    expect(standing(key())).toBe("VALID");
  });
});
