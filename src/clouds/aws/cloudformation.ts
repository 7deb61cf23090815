import type { PolicyText } from "../../core/cloud.ts";
import { addGrant } from "./document.ts";
import { grantStatements } from "./template.ts";

/**
 * A template for a new key, or for the `KeyPolicy` of one that a stack has: CloudFormation knows key policies only as a
 * property of the key (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html).
 */
export function printCloudFormation({ grant, kind, key, current }: PolicyText): string {
  const { vendor, source } = grant.policy;
  const root = {
    Sid: "Enable IAM User Permissions",
    Effect: "Allow",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation's to fill in.
    Principal: { AWS: { "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" } },
    Action: "kms:*",
    Resource: "*",
  };
  const present = current === null ? null : (addGrant(current, grant, kind, { key })?.text ?? current);
  const KeyPolicy =
    present === null
      ? { Version: "2012-10-17", Statement: [root, ...grantStatements(grant, kind)] }
      : (JSON.parse(present) as unknown);
  const template = {
    AWSTemplateFormatVersion: "2010-09-09",
    Description:
      `A KMS key that ${vendor} may use. For a key that a stack has already, take over KeyPolicy alone: ` +
      "it is the whole policy, and what does not stand in it is gone.",
    Metadata: { Keygrant: { Vendor: vendor, Source: source.page, Checked: source.checked } },
    Resources: {
      Key: {
        Type: "AWS::KMS::Key",
        DeletionPolicy: "Retain",
        UpdateReplacePolicy: "Retain",
        Properties: {
          Description: `Customer-managed key for ${vendor}`,
          KeySpec: kind.algorithms[0],
          KeyUsage: kind.usage,
          EnableKeyRotation: true,
          KeyPolicy,
        },
      },
    },
    Outputs: { KeyArn: { Description: "What is registered with the vendor", Value: { "Fn::GetAtt": ["Key", "Arn"] } } },
  };
  return JSON.stringify(template, null, 2);
}
