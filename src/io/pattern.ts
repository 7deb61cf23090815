/** Far longer than any pattern of ours takes, which is less than a millisecond. */
const PATIENCE_MS = 250;

/**
 * Whether a text fits a regular expression (flag `u`) of a vendor's policy; "unclear" when that takes too long. Such a
 * file may be anybody's, and an expression can be made to run for years.
 */
export function fitsPattern(pattern: string, text: string): "yes" | "no" | "unclear" {
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  try {
    const about = Object.assign(Object.create(null), { pattern, text });
    return runInNewContext('new RegExp(pattern, "u").test(text)', about, { timeout: PATIENCE_MS }) === true
      ? "yes"
      : "no";
  } catch (error) {
    // It comes from the other context, and is no `Error` of this one.
    if ((error as { readonly code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return "unclear";
    throw error;
  }
}
