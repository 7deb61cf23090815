import { type CmkReport, nameOf } from "../core/cmk.ts";
import { type Paint, safe } from "./text.ts";

const HEAD = ["ID", "PROVIDER", "RESOURCE", "DEFAULT", "STATUS", "PHASE", "SERVICES", "CREATED", "UPDATED"] as const;

/** The columns of the vendor's own client, and what keygrant knows besides: the phase, and who depends on the key. */
export function cmkTable(cmks: readonly CmkReport[], paint: Paint): string {
  const rows = cmks.map((cmk) =>
    [
      cmk.cmkId,
      cmk.cloud ?? "unknown",
      cmk.key,
      cmk.default ? "yes" : "no",
      cmk.status,
      phaseOf(cmk),
      servicesOf(cmk),
      cmk.createdAt ?? "-",
      cmk.updatedAt ?? "-",
    ].map(safe),
  );
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [paint("bold", line(HEAD)), ...rows.map(line)].join("\n");
}

/** One CMK, a line each. */
export function cmkText(cmk: CmkReport): string {
  const rows = [
    ["id", cmk.cmkId],
    ["project", cmk.project],
    ["provider", cmk.cloud ?? "unknown"],
    ["resource", cmk.key],
    ["default", cmk.default ? "yes" : "no"],
    ["status", cmk.status],
    ["phase", phaseOf(cmk)],
    ["services", servicesOf(cmk)],
    ["created", cmk.createdAt ?? "-"],
    ["updated", cmk.updatedAt ?? "-"],
  ] as const;
  return rows.map(([name, value]) => `${name.padEnd(9)} ${safe(value)}`).join("\n");
}

function phaseOf({ phase, stale }: CmkReport): string {
  if (phase === null) return "-";
  return stale === true ? `${phase} (stale)` : phase;
}

function servicesOf({ services }: CmkReport): string {
  if (services === null) return "could not be read";
  return services.length === 0 ? "none" : services.map(nameOf).join(", ");
}
