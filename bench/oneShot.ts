import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { type Bench, interleaved, KEYGRANT, median, ran, well } from "./kit.ts";
import { type SandboxProcess, startSandbox } from "./sandbox.ts";

/** What a person pastes together from the vendor's page: the same seven steps with the AWS CLI and curl. */
const SCRIPT = "bench/by-hand.sh";

/** From an AWS key that exists to one that is registered and proven. */
export const bench: Bench = {
  title: "One key, once",
  method: [
    "A key of moto's server (an AWS KMS that nobody here wrote), and the vendor of a sandbox whose side uses that server. New keys,",
    "in turn: `onboard KEY --yes --settle-reads 1`, and `bench/by-hand.sh`, which does the same steps with the AWS CLI, jq and curl.",
    "Wall time of the whole process.",
  ].join("\n"),
  async run({ runs, smoke }) {
    const missing = [];
    for (const name of ["moto_server", "aws", "jq", "curl"]) {
      if ((await ran("sh", ["-c", `command -v ${name}`])).exitCode !== 0) missing.push(name);
    }
    if (missing.length > 0) return { targets: [], more: [`Not measured: this machine lacks ${missing.join(", ")}.`] };
    await using moto = await startMoto();
    await using sandbox = await startSandbox("--vendor-aws-endpoint", moto.origin);
    const env = {
      ...sandbox.env,
      AWS_ENDPOINT_URL_KMS: moto.origin,
      AWS_ENDPOINT_URL_STS: moto.origin,
      AWS_ACCESS_KEY_ID: "worthless",
      AWS_SECRET_ACCESS_KEY: "worthless",
      AWS_PAGER: "",
    };
    const keygrant = async () => {
      const args = ["onboard", await createKey(env), "--yes", "--settle-reads", "1"];
      return (await well(process.execPath, [...KEYGRANT, ...args], env)).wallMs;
    };
    const byHand = async () => (await well("bash", [SCRIPT, await createKey(env)], env)).wallMs;
    const [ours = [], theirs = []] = await interleaved(smoke ? 1 : runs, [keygrant, byHand]);
    const [one, other] = [median(ours), median(theirs)];
    return {
      targets: [
        { what: "the script's time ÷ keygrant's", measured: other / one, limit: 10, must: "at least", unit: "×" },
      ],
      more: [`keygrant ${Math.round(one)} ms, the script ${Math.round(other)} ms.`],
    };
  },
};

async function createKey(env: SandboxProcess["env"]): Promise<string> {
  const answer = await fetch(env["AWS_ENDPOINT_URL_KMS"] ?? "", {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "TrentService.CreateKey",
      // moto reads the region from here and does not look at the signature.
      authorization: `AWS4-HMAC-SHA256 Credential=worthless/20260101/${env["AWS_REGION"]}/kms/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: "{}",
  });
  const { KeyMetadata } = (await answer.json()) as { readonly KeyMetadata: { readonly Arn: string } };
  return KeyMetadata.Arn;
}

interface Server extends AsyncDisposable {
  readonly origin: string;
}

async function startMoto(): Promise<Server> {
  const port = await freePort();
  // A group of its own: whatever it starts ends with it.
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore", detached: true });
  const ended = once(child, "exit");
  const origin = `http://127.0.0.1:${port}`;
  while (child.exitCode === null && !(await answers(origin))) await new Promise((resolve) => setTimeout(resolve, 100));
  if (child.exitCode !== null) throw new Error("moto_server ended before it listened");
  return {
    origin,
    async [Symbol.asyncDispose]() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
      await ended;
    },
  };
}

async function answers(origin: string): Promise<boolean> {
  return fetch(`${origin}/moto-api/`).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address === "object" && address !== null) return address.port;
  throw new Error("no free port");
}
