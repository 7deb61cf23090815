import type { StepListener } from "../core/steps.ts";
import { stepLine } from "../report/text.ts";
import type { Printer } from "./printer.ts";

export interface Talk extends StepListener {
  /** Nothing goes on any more, or a question needs the terminal. */
  quiet(): void;
}

/** In text, each step is data as it ends; on a terminal, what goes on in between is talk. */
export function talker(printer: Printer): Talk {
  let quiet = () => {};
  return {
    quiet: () => quiet(),
    begin(step) {
      quiet();
      quiet = printer.busy(step);
    },
    end(report) {
      quiet();
      if (!printer.json) printer.data(stepLine(report, printer.paint));
    },
  };
}
