import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainText } from "../../src/core/text.ts";
import { htmlWriter } from "../../src/report/html.ts";
import { writeReport } from "../../src/report/input.ts";
import { HOSTILE as ANYTHING } from "../hostile.ts";
import { FIXED_SEED } from "../property.ts";
import { Tab } from "./browser.ts";
import { fleet, HOSTILE, hostileInput } from "./fleet.ts";
import { findProgram } from "./tools.ts";

const browser = findProgram("chromium", "chromium-browser", "google-chrome", "chrome");
const absent = browser === null ? " (none on this machine)" : "";

/** What breaks out of a text, an attribute, a script, a style, a comment; and runs without a script of its own. */
const BREAKOUTS = [
  "<img src=/asked onerror=owned=1>",
  "<svg/onload=owned=1>",
  "</style><script>owned=1</script>",
  "--><script>owned=1</script><!--",
  '" autofocus onfocus=owned=1 x="',
  "' style='background:url(/asked)",
  "</title></head><body onload=owned=1>",
  "<iframe srcdoc='<script>parent.owned=1</script>'></iframe>",
  "<meta http-equiv=refresh content='0;url=/asked'>",
  "<base href=/asked/>",
  "<link rel=stylesheet href=/asked>",
  "<form action=/asked><button autofocus>",
  "<details open ontoggle=alert(1)>",
  "javascript:alert(1)",
  "\\u003cscript>owned=1\\u003c/script>",
  "{{constructor.constructor('owned=1')()}}",
];
const CHOSEN = [...BREAKOUTS, ...fc.sample(ANYTHING, { numRuns: 60, seed: FIXED_SEED })];

const PAGES = { "/fleet": fleet(), "/hostile": hostileInput(), "/chosen": hostileInput(CHOSEN) };

/** Over HTTP, as a page is that lies on a server: there a browser asks for more than from a file. */
async function serve(asked: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const input = PAGES[request.url as keyof typeof PAGES];
    response.writeHead(input === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
    response.end(input === undefined ? "" : writeReport(htmlWriter(), input));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const SHOWN = `[...document.querySelectorAll("#keys > .key")].filter((one) => one.offsetParent !== null).length`;

/** As a person does it: the value, then the event. */
function type(id: string, value: string): string {
  return `{ const field = document.getElementById("${id}"); field.value = ${JSON.stringify(value)};
    field.dispatchEvent(new Event("input", { bubbles: true })); }`;
}

describe.skipIf(browser === null)(`the page in a browser${absent}`, () => {
  let tab: Tab;
  let server: Server;
  const asked: string[] = [];
  const visit = (path: string) => tab.visit(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);

  beforeAll(async () => {
    server = await serve(asked);
    tab = await Tab.open(browser ?? "");
  }, 120_000);

  afterAll(async () => {
    server?.close();
    await tab?.[Symbol.asyncDispose]();
  }, 60_000);

  it("asks for nothing else, breaks no policy and logs no error", async () => {
    await visit("/fleet");
    expect(await tab.evaluate("document.querySelectorAll('#keys > .key').length")).toBe(40);
    expect(await tab.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")).toEqual([]);
    expect(asked).toEqual(["/fleet"]);
    expect(tab.complaints).toEqual([]);
    expect(await tab.evaluate("getComputedStyle(document.querySelector('.badge')).borderRadius")).toBe("6px");
  });

  it("is held to its policy: what is put into it later does not run", async () => {
    await visit("/fleet");
    await tab.evaluate(`{ const added = document.createElement("script"); added.textContent = "document.title = 'owned'";
      document.body.append(added); }`);
    expect(await tab.evaluate("document.title")).toContain("keygrant");
    expect(tab.complaints.splice(0).join()).toContain("Content Security Policy");
  });

  it("filters by words, standing, project and warnings, and says how many are left", async () => {
    await visit("/fleet");
    const shown = () => tab.evaluate(`[${SHOWN}, document.getElementById("shown").textContent]`);
    expect(await shown()).toEqual([40, "40 keys"]);
    await tab.evaluate(type("query", "ORDERS-pg  disabled"));
    expect(await shown()).toEqual([1, "1 of 40 keys"]);
    await tab.evaluate(type("query", "no such thing"));
    expect(await shown()).toEqual([0, "0 of 40 keys"]);
    expect(await tab.evaluate("document.getElementById('none').hidden")).toBe(false);
    await tab.evaluate(type("query", ""));
    await tab.evaluate("document.querySelector('input[value=VALID]').click()");
    expect(await shown()).toEqual([8, "8 of 40 keys"]);
    await tab.evaluate(type("project", "search"));
    expect(await shown()).toEqual([4, "4 of 40 keys"]);
    await tab.evaluate("document.querySelector('input[value=VALID]').click()");
    await tab.evaluate("document.getElementById('warned').click()");
    expect(await shown()).toEqual([1, "1 of 40 keys"]);
  });

  it("unfolds and folds all, and for a printer what wants attention", async () => {
    await visit("/fleet");
    const open = () => tab.evaluate("document.querySelectorAll('#keys details[open]').length");
    expect(await open()).toBe(8);
    await tab.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await open()).toBe(13);
    await tab.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await open()).toBe(8);
    await tab.evaluate("document.getElementById('unfold').click()");
    expect(await open()).toBe(40);
    await tab.evaluate("document.getElementById('unfold').click()");
    expect(await open()).toBe(0);
  });

  it("is worked by the keyboard: / searches, Tab reaches the keys, Enter folds them", async () => {
    await visit("/fleet");
    const press = async (key: string, text?: string) => {
      const code = { "/": 191, Tab: 9, Enter: 13 }[key];
      const about = { key, windowsVirtualKeyCode: code, ...(text === undefined ? {} : { text }) };
      await tab.send("Input.dispatchKeyEvent", { type: "keyDown", ...about });
      await tab.send("Input.dispatchKeyEvent", { type: "keyUp", ...about });
    };
    await press("/", "/");
    expect(await tab.evaluate("[document.activeElement.id, document.activeElement.value]")).toEqual(["query", ""]);
    // Project, four standings, warnings, unfold all, the first key.
    for (let times = 0; times < 8; times += 1) await press("Tab");
    expect(await tab.evaluate("document.activeElement.closest('.key')?.id")).toBe("key-1");
    await press("Enter", "\r");
    expect(await tab.evaluate("document.querySelector('#key-1 details').open")).toBe(false);
  });

  it.each([390, 1280])("fits a window %i wide, whatever is in it", async (width) => {
    await tab.send("Emulation.setDeviceMetricsOverride", {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    for (const path of ["/fleet", "/hostile"]) {
      await visit(path);
      await tab.evaluate("document.getElementById('unfold').click()");
      const [scroll, client] = (await tab.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
      )) as readonly number[];
      expect(scroll).toBe(client);
    }
    await tab.send("Emulation.clearDeviceMetricsOverride");
  });

  it("follows the reader's scheme, and prints dark on white", async () => {
    await visit("/fleet");
    const background = async (media: string, scheme: string) => {
      const features = [{ name: "prefers-color-scheme", value: scheme }];
      await tab.send("Emulation.setEmulatedMedia", { media, features });
      return tab.evaluate("getComputedStyle(document.body).backgroundColor");
    };
    expect(await background("screen", "light")).toBe("rgb(244, 246, 248)");
    expect(await background("screen", "dark")).toBe("rgb(14, 18, 23)");
    expect(await background("print", "dark")).toBe("rgb(255, 255, 255)");
    expect(await tab.evaluate("getComputedStyle(document.getElementById('filter')).display")).toBe("none");
    await tab.send("Emulation.setEmulatedMedia", { media: "", features: [] });
  });

  it("takes hostile text for text", async () => {
    await visit("/hostile");
    expect(tab.complaints).toEqual([]);
    const found = await tab.evaluate(`({
      title: document.title,
      scripts: document.querySelectorAll("script").length,
      loaded: document.querySelectorAll("img, iframe, object, embed, video, audio, base, form[action], a").length,
      handlers: [...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames()).filter((name) => /^(on|style$)/.test(name)),
      keys: [...document.querySelectorAll("#keys h3")].map((one) => one.textContent.trim()),
    })`);
    expect(found).toEqual({
      title: "14 INVALID · keygrant",
      scripts: 1,
      loaded: 0,
      handlers: [],
      keys: expect.arrayContaining(HOSTILE.map((text) => plainText(text, 4_000))),
    });
    await tab.evaluate(type("query", "<script>"));
    expect(await tab.evaluate(SHOWN)).toBe(1);
  });

  it("runs, asks for and holds nothing that somebody chose", async () => {
    asked.splice(0);
    await visit("/chosen");
    await tab.evaluate("document.getElementById('unfold').click()");
    await tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
    expect(tab.complaints).toEqual([]);
    expect(asked).toEqual(["/chosen"]);
    const found = await tab.evaluate(`({
      owned: typeof globalThis.owned,
      title: document.title,
      scripts: document.querySelectorAll("script").length,
      strangers: document.querySelectorAll("img, iframe, object, embed, base, a, link:not([rel=icon]), [http-equiv=refresh], [action], [style]").length,
      handlers: [...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith("on")),
      keys: document.querySelectorAll("#keys > .key").length,
    })`);
    const nothing = { owned: "undefined", strangers: 0, handlers: [] };
    expect(found).toEqual({
      ...nothing,
      title: `${CHOSEN.length} INVALID · keygrant`,
      scripts: 1,
      keys: CHOSEN.length,
    });
  });

  it("is all there without its script", async () => {
    await tab.send("Emulation.setScriptExecutionDisabled", { value: true });
    await visit("/fleet");
    const { root } = await tab.send("DOM.getDocument");
    const { nodeId } = await tab.send("DOM.querySelector", {
      nodeId: (root as { nodeId: number }).nodeId,
      selector: "#filter",
    });
    const { outerHTML } = await tab.send("DOM.getOuterHTML", { nodeId });
    expect(outerHTML).toMatch(/^<form[^>]* hidden=""/);
    await tab.send("Emulation.setScriptExecutionDisabled", { value: false });
  });
});
