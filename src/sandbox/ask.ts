import { Agent, request } from "node:http";

export interface AskedReply {
  readonly status: number;
  readonly body: string;
}

/** What one sandbox asks another: "is it still you?", "start afresh". Never through a proxy, never for long. */
export async function askSandbox(
  origin: string,
  method: "GET" | "POST",
  path: string,
  { body = "", timeoutMs = 2000 }: { readonly body?: string; readonly timeoutMs?: number } = {},
): Promise<AskedReply | "timeout" | "nobody"> {
  const url = new URL(path, origin);
  // What a lock file names is only ever asked on loopback.
  if (url.protocol !== "http:" || url.hostname !== "127.0.0.1") return "nobody";
  // An agent of its own: Node's shared one may be told to use a proxy.
  const agent = new Agent({ keepAlive: false });
  try {
    return await new Promise((resolve) => {
      const asked = request(url, { method, agent, timeout: timeoutMs }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
        response.on("error", () => resolve("nobody"));
      });
      asked.on("timeout", () => {
        resolve("timeout");
        asked.destroy();
      });
      asked.on("error", () => resolve("nobody"));
      asked.end(body);
    });
  } finally {
    agent.destroy();
  }
}
