import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
} from "@aws-sdk/client-kms";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import got from "got";

/**
 * The least that can be done to ask what `validate` asks: the same SDK and HTTP client, the same calls in the same
 * order, as many keys at once, and nothing is made of the answers.
 */
const AT_ONCE = 64;
const { env } = process;
const http = got.extend({
  headers: { authorization: `aivenv1 ${env["AIVEN_AUTH_TOKEN"]}` },
  agent: { http: new Agent({ keepAlive: true }) },
});
const requestHandler = new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true }) });
const clients = new Map<string, Promise<KMSClient>>();

function clientOf(region: string, account: string): Promise<KMSClient> {
  const client = clients.get(account) ?? openClient(region, account);
  clients.set(account, client);
  return client;
}

async function openClient(region: string, account: string): Promise<KMSClient> {
  const RoleArn = `arn:aws:iam::${account}:role/${env["KEYGRANT_BENCH_ROLE"]}`;
  const sts = new STSClient({ region, requestHandler });
  const { Credentials: given } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "bare" }));
  const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "", SessionToken } = given ?? {};
  const credentials = { accessKeyId, secretAccessKey, sessionToken: SessionToken ?? "" };
  return new KMSClient({ region, requestHandler, credentials });
}

const projects = (env["KEYGRANT_BENCH_PROJECTS"] ?? "").split(" ");
const base = (project: string) => `${env["AIVEN_WEB_URL"]}/v1/project/${project}/secrets/cmks`;
const lists = await Promise.all(projects.map(listOf));
await Promise.all(projects.map((project) => http(`${base(project)}/accessors`).json()));
const queue = lists.flat().values();
await Promise.all(Array.from({ length: AT_ONCE }, worker));
process.exit();

interface Listed {
  readonly project: string;
  readonly id: string;
  readonly resource: string;
}

async function listOf(project: string): Promise<readonly Listed[]> {
  const { cmks } = (await http(base(project)).json()) as { readonly cmks: readonly Omit<Listed, "project">[] };
  return cmks.map(({ id, resource }) => ({ project, id, resource }));
}

async function worker(): Promise<void> {
  for (const { project, id, resource: KeyId } of queue) {
    const [, , , region = "", account = ""] = KeyId.split(":");
    const kms = await clientOf(region, account);
    await Promise.all([
      kms.send(new DescribeKeyCommand({ KeyId })),
      kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" })),
      kms.send(new GetKeyRotationStatusCommand({ KeyId })),
    ]);
    const about = { KeyId, EncryptionContext: { keygrant: "probe", about: "random bytes, thrown away at once" } };
    await Promise.all([
      http(`${base(project)}/${id}/service_associations`).json(),
      kms
        .send(new EncryptCommand({ ...about, Plaintext: randomBytes(32) }))
        .then(({ CiphertextBlob }) => kms.send(new DecryptCommand({ ...about, CiphertextBlob }))),
    ]);
  }
}
