import { GetKeyPolicyCommand, KMSClient, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import { OWNER } from "../../src/sandbox/cast.ts";
import type { ObservedRequest, SandboxReply } from "../../src/sandbox/index.ts";

/** Somebody else with the owner's rights, who writes key policies by hand while keygrant is at work. */
export interface OtherHand {
  read(): Promise<string>;
  write(policy: string): Promise<void>;
  close(): void;
}

export function otherHand(origin: string, arn: string): OtherHand {
  const { accessKeyId, secretAccessKey } = OWNER;
  const kms = new KMSClient({
    endpoint: origin,
    region: arn.split(":")[3] ?? "",
    credentials: { accessKeyId, secretAccessKey },
    userAgentAppId: HAND,
  });
  const about = { KeyId: arn, PolicyName: "default" };
  return {
    read: async () => (await kms.send(new GetKeyPolicyCommand(about))).Policy ?? "",
    async write(Policy) {
      await kms.send(new PutKeyPolicyCommand({ ...about, Policy }));
    },
    close: () => kms.destroy(),
  };
}

export const HAND = "other-hand";

/** Whether keygrant sent the request, and neither the vendor's side nor the other hand. */
export function isKeygrants(request: ObservedRequest): boolean {
  return !request.inside && !(request.headers["user-agent"] ?? "").includes(HAND);
}

/** What Aiven says when it could not use the key. */
export const CANNOT_VERIFY = reply(400, "Cannot verify encrypt/decrypt access");

export function reply(status: number, message: string): SandboxReply {
  const body = JSON.stringify({ message, errors: [{ message, status }] });
  return { status, headers: { "content-type": "application/json" }, body };
}
