import type { styleText } from "node:util";
import type { Host, Output } from "./host.ts";

type Format = Parameters<typeof styleText>[0];
/** Colours a piece of text, where colours are wanted. */
export type Paint = (format: Format, text: string) => string;

/** stdout is data, stderr is talk. */
export interface Printer {
  readonly paint: Paint;
  readonly json: boolean;
  /** Data: text that ends up on stdout, with a newline. */
  data(text: string): void;
  /** One JSON document on stdout. */
  document(value: unknown): void;
  /** Talk: a line on stderr, unless `--quiet`. */
  note(text: string): void;
  /** Shows that something is going on, on a terminal only. Returns how to end it. */
  busy(text: string): () => void;
}

export interface PrintOptions {
  /** What goes to stdout, in a word; several when a command writes files too. */
  readonly output?: string | readonly unknown[];
  readonly quiet: boolean;
  readonly color: boolean;
}

export function createPrinter(host: Host, options: PrintOptions): Printer {
  const paint = painter(host, host.stdout, options.color);
  // Whoever was stopped has no results: what was found out since may be nothing but the stopping itself.
  const print = (text: string) => {
    host.interrupted.throwIfAborted();
    host.stdout.write(`${text}\n`);
  };
  return {
    paint,
    json: options.output === "json",
    data: (text) => print(text),
    document: (value) => print(JSON.stringify(value, null, 2)),
    note(text) {
      if (!options.quiet) host.stderr.write(`${text}\n`);
    },
    busy(text) {
      if (options.quiet || host.stderr.isTTY !== true) return () => {};
      let spin: { stop(): unknown } | null = null;
      let isOver = false;
      void import("yocto-spinner").then(({ default: spinner }) => {
        // Signals are the command's own: it says that it was stopped, and what to do next.
        const settings = { text, stream: host.stderr as NodeJS.WriteStream, handleSignals: false };
        if (!isOver) spin = spinner(settings).start();
      });
      return () => {
        isOver = true;
        spin?.stop();
      };
    },
  };
}

/** Colours only on a terminal, and never against NO_COLOR (https://no-color.org) or `--no-color`. */
function painter(host: Host, stream: Output, wanted: boolean): Paint {
  const on = wanted && stream.isTTY === true && !host.env["NO_COLOR"];
  if (!on) return (_format, text) => text;
  // Loaded here: where nothing is coloured a command starts without it.
  const util = process.getBuiltinModule("node:util");
  return (format, text) => util.styleText(format, text, { validateStream: false });
}
