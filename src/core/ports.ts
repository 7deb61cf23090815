/** What comes in from outside and is neither a cloud nor a vendor. */

export interface Clock {
  now(): Date;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Fills a fresh array with `size` unpredictable bytes. */
export type RandomBytes = (size: number) => Uint8Array;

/** A number in [0, 1), for jitter only. */
export type Jitter = () => number;
