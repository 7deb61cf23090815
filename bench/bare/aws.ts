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
import type { BareCloud } from "./cloud.ts";

/** As the owner's role in each account. */
export function open(env: NodeJS.ProcessEnv): BareCloud {
  const requestHandler = new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true }) });
  const clients = new Map<string, Promise<KMSClient>>();

  function clientOf(key: string): Promise<KMSClient> {
    const [, , , region = "", account = ""] = key.split(":");
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

  return {
    async look(KeyId) {
      const kms = await clientOf(KeyId);
      await Promise.all([
        kms.send(new DescribeKeyCommand({ KeyId })),
        kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" })),
        kms.send(new GetKeyRotationStatusCommand({ KeyId })),
      ]);
    },
    async roundTrip(KeyId) {
      const kms = await clientOf(KeyId);
      const about = { KeyId, EncryptionContext: { keygrant: "probe", about: "random bytes, thrown away at once" } };
      const { CiphertextBlob } = await kms.send(new EncryptCommand({ ...about, Plaintext: randomBytes(32) }));
      return kms.send(new DecryptCommand({ ...about, CiphertextBlob }));
    },
  };
}
