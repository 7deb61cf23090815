/** The known word that was most likely meant; null when none is near. */
export function didYouMean(word: string, known: readonly string[]): string | null {
  if (word.length > 60) return null;
  const meant = bare(word);
  let best: string | null = null;
  let least = Math.floor(meant.length / 3) + 1;
  for (const one of known) {
    const away = distance(meant, bare(one));
    if (away < least) [best, least] = [one, away];
  }
  return best;
}

/** `max-share`, `max_share` and `MaxShare` are the same slip. */
function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, "");
}

/** How many letters have to be put in, taken out, changed or swapped with their neighbour. */
function distance(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [i, x] of left.entries()) {
    const row = [i + 1];
    for (const [j, y] of right.entries()) {
      const isSwap = i > 0 && j > 0 && x === right[j - 1] && left[i - 1] === y;
      row.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (last[j + 1] ?? 0) + 1,
          (last[j] ?? 0) + (x === y ? 0 : 1),
          isSwap ? (before[j - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, last] = [last, row];
  }
  return last[right.length] ?? 0;
}
