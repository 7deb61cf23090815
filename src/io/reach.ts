import * as http from "node:http";
import * as https from "node:https";
import type { Reached } from "../core/doctor.ts";
import type { Clock } from "../core/ports.ts";
import { type AgentSettings, type Agents, proxyFor } from "./agents.ts";

export interface ReachDeps {
  readonly agents: Agents;
  readonly proxyEnv: AgentSettings["proxyEnv"];
  readonly clock: Clock;
  /** In milliseconds, until the first byte of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks an address for its front page, without credentials: any answer of the other side will do, a refusal too. What
 * the proxy itself says is none. Nothing is read but the time.
 */
export async function reach(url: string, deps: ReachDeps): Promise<Reached> {
  const proxy = proxyFor(url, deps.proxyEnv);
  const sentAt = deps.clock.now();
  const { date, failure } = await ask(url, deps);
  return { proxy: proxy === null ? null : proxy.origin, date, failure, sentAt, answeredAt: deps.clock.now() };
}

type Outcome = Pick<Reached, "date" | "failure">;

function ask(url: string, { agents, timeoutMs, signal }: ReachDeps): Promise<Outcome> {
  const isSecure = url.startsWith("https:");
  const agent = isSecure ? agents.https : agents.http;
  const tooLate = AbortSignal.timeout(timeoutMs);
  const failed = (failure: string): Outcome => ({ date: null, failure });
  return new Promise((resolve) => {
    let refusedByProxy: number | null = null;
    const request = (isSecure ? https : http).get(url, { agent, signal: AbortSignal.any([signal, tooLate]) });
    // The proxy's refusal is played back as if the other side had said it.
    request.on("proxyConnect", ({ statusCode }: { readonly statusCode: number }) => {
      if (statusCode !== 200) refusedByProxy = statusCode;
    });
    request.on("response", (response) => {
      const date = new Date(response.headers.date ?? "");
      response.destroy();
      if (refusedByProxy !== null) resolve(failed(wordsOfProxy(refusedByProxy)));
      else resolve({ date: Number.isNaN(date.getTime()) ? null : date, failure: null });
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      resolve(failed(tooLate.aborted ? "no answer came in time" : wordsOf(error)));
    });
  });
}

function wordsOfProxy(status: number): string {
  return status === 407
    ? "the proxy wants credentials (407)"
    : `the proxy does not let it through (it answered ${status})`;
}

/** Node's code says more than its words, and never holds a password. */
function wordsOf({ code = "no connection" }: NodeJS.ErrnoException): string {
  if (/CERT|^ERR_SSL|^ERR_TLS|UNABLE_TO_(GET_ISSUER|VERIFY)/.test(code)) {
    return `the other side's certificate is not trusted (${code})`;
  }
  return code === "ENOTFOUND" || code === "EAI_AGAIN"
    ? `its name was not found (${code})`
    : `no connection could be made (${code})`;
}
