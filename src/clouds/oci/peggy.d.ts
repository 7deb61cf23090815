/** A grammar, compiled by `build/peggy.ts` when it is bundled or tested. */
declare module "*.peggy" {
  /** Throws a `SyntaxError` of its own for text that the grammar does not take. */
  export function parse(text: string): unknown;
}
