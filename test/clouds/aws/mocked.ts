import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  ListGrantsCommand,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
} from "@aws-sdk/client-kms";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { mockClient } from "aws-sdk-client-mock";
import { vi } from "vitest";

interface CommandClass {
  new (input: never): object;
  readonly prototype: { resolveMiddleware(...given: never[]): unknown };
}

const OF_KMS = [
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
];
const OF_STS = [AssumeRoleCommand, GetCallerIdentityCommand];

/** AWS answers what a test says, and nothing goes over a network. */
export function mockAws() {
  const mocks = { kms: mockClient(KMSClient), sts: mockClient(STSClient) };
  sendThrough(KMSClient, OF_KMS);
  sendThrough(STSClient, OF_STS);
  return mocks;
}

/** The mock stands in for the client's `send`; ours puts together by itself what the client does with a command. */
function sendThrough(
  client: { readonly prototype: { send(command: never): unknown } },
  commands: readonly CommandClass[],
) {
  for (const Command of commands) {
    vi.spyOn(Command.prototype, "resolveMiddleware").mockImplementation(() => {
      return async ({ input }: { readonly input: never }) => ({
        output: await client.prototype.send(new Command(input) as never),
      });
    });
  }
}
