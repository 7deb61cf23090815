import { describe, expect, it } from "vitest";
import type { Proposal, VendorAct } from "../../src/core/proposal.ts";
import { proposalText } from "../../src/report/proposal.ts";
import type { Paint } from "../../src/report/text.ts";
import { accessor, changeTo, factsOf, KEY } from "../core/fakes.ts";

/** What a person agrees to. Whatever somebody else chose is on one line, and no terminal acts on it. */
const PLAIN: Paint = (_format, text) => text;
const LOUD: Paint = (format, text) => `<${format}>${text}</>`;
const NASTY = "safe\u001b[2K\u001b]8;;http://evil\u0007\n\u202eeliforp\u200b";
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through.
const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/;

describe("a proposal", () => {
  const BEFORE = '{"Version":"2012-10-17","Statement":[]}';
  const AFTER = '{"Version":"2012-10-17","Statement":[{"Sid":"new"}]}';
  const proposal: Proposal = {
    command: "onboard",
    vendor: "aiven",
    project: "demo",
    key: KEY,
    way: "in",
    accessors: [accessor("demo")],
    change: changeTo(factsOf(KEY, {}, BEFORE), AFTER),
    acts: [{ act: "register", resource: KEY.id, default: false }],
    remarks: [],
  };

  it("names who gets in, whose it is, and shows the documents' difference laid out", async () => {
    const text = await proposalText(proposal, PLAIN);
    expect(text).toContain("lets in     role_arn=role of demo");
    expect(text).toContain("who is      aiven, project demo");
    expect(text).toContain("--- the key policy, as it is\n+++ the key policy, as it will be");
    expect(text).toContain('-  "Statement": []');
    expect(text).toContain('+      "Sid": "new"');
    expect(text).toContain("registers   the key with aiven in project demo\n");
  });

  const acts: readonly [VendorAct, string][] = [
    [{ act: "register", resource: KEY.id, default: true }, "in project demo, as its default"],
    [{ act: "set-default", resource: KEY.id }, "makes       the key the default of project demo for new services"],
  ];

  it.each(acts)("%j", async (act, says) => {
    expect(await proposalText({ ...proposal, acts: [act] }, PLAIN)).toContain(says);
  });

  it("to shut somebody out says so, and what has to be known before", async () => {
    const text = await proposalText({ ...proposal, way: "out", remarks: ["Old backups need it.", NASTY] }, PLAIN);
    expect(text).toContain("shuts out   role_arn=role of demo");
    expect(text).toContain("note        Old backups need it.");
    expect(text).not.toMatch(HARMFUL);
  });

  it("to write nothing says so", async () => {
    const text = await proposalText({ ...proposal, change: null, acts: [] }, PLAIN);
    expect(text).toContain("writes      nothing: the principal is let in already");
    expect(text).not.toContain("registers");
  });

  it("leaves nothing out of the difference, and lets a terminal act on none of it", async () => {
    const change = changeTo(factsOf(KEY, {}, "plain"), `plain\nadded ${NASTY.replace("\n", "")}`);
    const text = await proposalText({ ...proposal, change }, PLAIN);
    expect(text).not.toMatch(HARMFUL);
    expect(text).toContain("+added safe\\u{1b}[2K\\u{1b}]8;;http://evil\\u{7}\\u{202e}eliforp\\u{200b}");
  });

  it("lets Azure Pipelines act on none of it either", async () => {
    const change = changeTo(factsOf(KEY, {}, "plain"), "plain\n##vso[task.x]y ##[error] ## #");
    expect(await proposalText({ ...proposal, change }, PLAIN)).toContain("+\\u{23}#vso[task.x]y \\u{23}#[error] ## #");
  });

  it("paints what comes and what goes", async () => {
    const text = await proposalText(proposal, LOUD);
    expect(text).toContain('<red>-  "Statement": []</>');
    expect(text).toContain('<green>+      "Sid": "new"</>');
    expect(text).toMatch(/<cyan>@@ .+ @@<\/>/);
  });
});
