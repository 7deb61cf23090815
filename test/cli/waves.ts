import { setImmediate as nextTurn } from "node:timers/promises";
import type { ObservedRequest, OnRequest } from "../../src/sandbox/index.ts";

/**
 * Requests in the order in which they need one another. Every request is held until the command has nothing left to do
 * but wait for answers; what is held then is one wave, and goes on together. So the number of waves is the number of
 * round trips that come one after the other, whatever the machine does meanwhile, and what could have been asked at
 * once is asked in one wave.
 */
export interface Waves {
  readonly onRequest: OnRequest;
  /** What was asked in each wave so far, in the order of the alphabet; forgets it. */
  take(): readonly (readonly string[])[];
}

/** Turns of the event loop without anything new after which nothing more is coming: what is sent has arrived by then. */
const QUIET_TURNS = 40;

export function inWaves(): Waves {
  let waves: (readonly string[])[] = [];
  let held: { readonly name: string; readonly go: () => void }[] = [];
  let underWay = 0;
  let watching = false;
  let stirred = false;

  async function watch(): Promise<void> {
    watching = true;
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await nextTurn();
      if (stirred || underWay > 0 || isBusy()) quiet = -1;
      stirred = false;
    }
    watching = false;
    const wave = held;
    held = [];
    waves.push(wave.map((one) => one.name).sort());
    underWay += wave.length;
    for (const one of wave) one.go();
  }

  return {
    async onRequest(request, phase) {
      // What the vendor's side asks is within an answer of its own.
      if (request.inside) return undefined;
      stirred = true;
      if (phase === "after") underWay--;
      else {
        await new Promise<void>((go) => {
          held.push({ name: nameOf(request), go });
          if (!watching) void watch();
        });
      }
      return undefined;
    },
    take() {
      const taken = waves;
      waves = [];
      return taken;
    },
  };
}

/** Whether this process waits for a file, an address or a connection: there may be a request behind it. */
function isBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => /Req|ConnectWrap/.test(name));
}

function nameOf({ operation }: ObservedRequest): string {
  return operation;
}
