import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}

/** A licence, and what must go along with it: Apache-2.0, section 4(d), asks for the NOTICE of whoever has one. */
const LEGAL = /^(?:licen[cs]e|notice|copying|third.party)/i;

/** The licences of everything that was bundled, as their terms ask: from the list of bundled modules to one text. */
export function notices(inputs: readonly string[]): string {
  const packages = packageFolders(inputs)
    .map(readPackage)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const unique = new Map(packages.map((one) => [`${one.name} ${one.version}`, one]));
  const sections = [...unique].map(([title, { license, text }]) => `## ${title} (${license})\n\n${text.trim()}\n`);
  return `# Software that is part of keygrant's bundle\n\n${sections.join("\n")}`;
}

/** The folders of the packages that bundled modules come from, sorted, as the lockfile names them. */
export function packageFolders(inputs: readonly string[]): readonly string[] {
  const folders = inputs.flatMap((input) => /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

function readPackage(folder: string): Package {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).sort();
  const texts = files.filter((file) => LEGAL.test(file)).map((file) => readFileSync(join(folder, file), "utf8").trim());
  if (texts.length > 0) return { name, version, license, text: texts.join("\n\n") };
  const readme = files.find((file) => /^readme/i.test(file));
  const text = readme === undefined ? null : licenceIn(readFileSync(join(folder, readme), "utf8"));
  return { name, version, license, text: text ?? standardText(name, license, author) };
}

/** The licence at the end of a README, where a package has no file for it and its author put the terms there. */
function licenceIn(readme: string): string | null {
  const at = readme.search(/^.*\b(?:The MIT License|Copyright \([cC]\) \d{4})/m);
  const text = at < 0 ? "" : readme.slice(at);
  return text.includes("WITHOUT WARRANTY OF ANY KIND") ? text : null;
}

/** The terms of a package that names its licence and brings no text. Throws for one whose terms are not known here. */
function standardText(name: string, license: string, author: unknown): string {
  const holder = typeof author === "object" && author !== null && "name" in author ? author.name : author;
  const said = `${name} names this licence in its package.json and brings no text of it. By ${holder}.`;
  if (license === "Apache-2.0")
    return `${said}\n\nThe terms are those of the file LICENSE beside keygrant's own package.json.`;
  if (license === "MIT") return `${said}\n\n${MIT}`;
  throw new Error(`${name} (${license}) has no text of its licence: add where to find it to build/notices.ts.`);
}

/** https://spdx.org/licenses/MIT.html */
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
