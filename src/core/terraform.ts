import type { PolicyText } from "./cloud.ts";
import { type Block, printHcl, reference, type Value } from "./hcl.ts";
import { plainText } from "./text.ts";

/** A value that only a key or a project could tell, as a variable that whoever applies it gives. */
export interface Hole {
  readonly name: string;
  readonly description: string;
}

/** A known value, or a reference to the variable that stands for it. */
export function known(value: string | null | undefined, { name }: Hole): Value {
  return value == null ? reference(`var.${name}`) : value;
}

export interface TerraformParts {
  /** What has to be known before it is applied, a sentence each. */
  readonly remarks: readonly string[];
  readonly blocks: readonly Block[];
  /** The variable that stands for the key, and those for what else only a key could tell. */
  readonly key: Hole;
  readonly others?: readonly Hole[];
  /** The resource that holds the grant, for the registration to wait for. */
  readonly grant: string;
}

/** The file's head, the variables for what is not known, the cloud's own blocks, and the vendor's registration. */
export function terraformFile(text: PolicyText, parts: TerraformParts): string {
  const { vendor, source, registration } = text.grant.policy;
  const project: Hole = { name: "project", description: `The project at ${vendor} in which the key is registered` };
  const blocks = [...parts.blocks, ...(registration === undefined ? [] : [registering(text, parts, project)])];
  const body = printHcl(blocks);
  const holes = [parts.key, ...(parts.others ?? []), project].filter(({ name }) =>
    new RegExp(`\\bvar\\.${name}\\b`).test(body),
  );
  return [
    `# Lets ${plainText(vendor, 100)} use a customer-managed key, as of ${source.checked}:`,
    `# ${source.page}`,
    ...parts.remarks.map((remark) => `# ${plainText(remark, 1_000)}`),
    "",
    printHcl([...holes.map(variable), ...blocks]),
  ].join("\n");
}

/** The vendor's own resource, `registration.terraform` of its policy file, once the grant is in place. */
function registering({ grant, key, projects }: PolicyText, parts: TerraformParts, project: Hole): Block {
  const { vendor, registration } = grant.policy;
  const { type, arguments: template } = registration?.terraform ?? { type: "", arguments: {} };
  const fill = (value: string | boolean): Value => {
    if (value === "{key}") return known(key?.id, parts.key);
    if (value === "{project}") return known(projects.length === 1 ? projects[0] : null, project);
    return value;
  };
  return {
    head: ["resource", type, "key"],
    about: [`${plainText(vendor, 100)} tries the key when it is registered, so the grant comes first.`],
    arguments: {
      ...Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fill(value)])),
      depends_on: [reference(parts.grant)],
    },
  };
}

function variable({ name, description }: Hole): Block {
  return { head: ["variable", name], arguments: { type: reference("string"), description } };
}
