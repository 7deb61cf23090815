import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}

/** The licences of everything that was bundled, as their terms ask: from esbuild's list of inputs to one text. */
export function notices(inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap((input) => /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []));
  const packages = [...folders].map(readPackage).sort((a, b) => (a.name < b.name ? -1 : 1));
  const unique = new Map(packages.map((one) => [`${one.name} ${one.version}`, one]));
  const sections = [...unique].map(([title, { license, text }]) => `## ${title} (${license})\n\n${text.trim()}\n`);
  return `# Software that is part of keygrant's bundle\n\n${sections.join("\n")}`;
}

function readPackage(folder: string): Package {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return { name, version, license, text: file === undefined ? "" : readFileSync(join(folder, file), "utf8") };
}
