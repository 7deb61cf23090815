import type { CloudId } from "../../../src/core/model.ts";
import type { Break } from "./matrix.ts";

type Fields = Readonly<Record<string, string>>;

/** The vendor names another principal than the one that was granted: the documents are not read for a stranger. */
export function principalBreaks(
  cloud: CloudId,
  hides: readonly string[],
  fields: { readonly changed: Fields; readonly unsafe: Fields },
): readonly Break[] {
  const parts = ["accessor"];
  return [
    {
      what: "the vendor names another principal",
      parts,
      code: "vendor.accessor-changed",
      exit: 12,
      names: Object.values(fields.changed)[0] ?? "",
      hides,
      apply: name(cloud, fields.changed),
    },
    {
      what: "the vendor names an unsafe principal",
      parts,
      code: "vendor.accessor-changed",
      exit: 12,
      names: Object.values(fields.unsafe)[0] ?? "",
      hides,
      apply: name(cloud, fields.unsafe),
    },
    {
      what: "the vendor names no principal",
      parts,
      code: "look.unsupported",
      level: "grant",
      exit: 12,
      names: /\S/,
      hides,
      apply: ({ project }) => {
        delete project.accessors[cloud];
      },
    },
  ];
}

function name(cloud: CloudId, fields: Fields): Break["apply"] {
  return ({ project }) => {
    project.accessors[cloud] = { ...fields };
  };
}

/** Another reference than the key's own. */
export function refer(ref: string): Break["apply"] {
  return (stage) => {
    stage.ref = ref;
  };
}

/** What becomes of the registration. */
export const PROJECT_BREAKS: readonly Break[] = [
  {
    what: "the CMK was deleted at the vendor",
    parts: ["registration"],
    code: "vendor.not-registered",
    exit: 0,
    names: "not registered",
    apply: ({ project }) => {
      for (const cmk of project.cmks) cmk.status = "deleted";
    },
  },
];
