#!/bin/bash
# What keygrant's onboard does, by hand: `bench/by-hand.sh KEY_ARN`, with the environment of the sandbox.
set -euo pipefail
arn=$1
id=${arn##*/}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
vendor() {
  curl -sSf -H "authorization: aivenv1 $AIVEN_AUTH_TOKEN" -H 'content-type: application/json' "$@"
}
base=$AIVEN_WEB_URL/v1/project/$AIVEN_PROJECT/secrets/cmks

# 1. accessors
role=$(vendor "$base/accessors" | jq -er '.accessors.aws.role_arn // .accessors.aws.principal // .aws.role_arn')
# 2. inspect
aws kms describe-key --key-id "$id" --output json | jq -e '.KeyMetadata | .KeyState == "Enabled" and .KeySpec == "SYMMETRIC_DEFAULT"' >/dev/null
aws kms get-key-rotation-status --key-id "$id" --output json >/dev/null
aws kms get-key-policy --key-id "$id" --policy-name default --query Policy --output text >"$work/before.json"
# 3. plan
jq --arg role "$role" '.Statement += [{Sid: "Allow Aiven to use this key for CMK operations", Effect: "Allow", Principal: {AWS: $role}, Action: ["kms:Encrypt", "kms:Decrypt"], Resource: "*"}]' "$work/before.json" >"$work/after.json"
diff "$work/before.json" "$work/after.json" >/dev/null || true
# 4. grant: nobody was faster, write, read again
aws sts get-caller-identity --output json >/dev/null
aws kms get-key-policy --key-id "$id" --policy-name default --query Policy --output text | cmp -s - "$work/before.json"
aws kms put-key-policy --key-id "$id" --policy-name default --policy "file://$work/after.json"
aws kms get-key-policy --key-id "$id" --policy-name default --query Policy --output text | jq -e --arg role "$role" 'any(.Statement[]; .Principal.AWS == $role)' >/dev/null
# 5. validate: a round trip
head -c 32 /dev/urandom >"$work/plain"
aws kms encrypt --key-id "$id" --plaintext "fileb://$work/plain" --query CiphertextBlob --output text | base64 -d >"$work/cipher"
aws kms decrypt --key-id "$id" --ciphertext-blob "fileb://$work/cipher" --query Plaintext --output text | base64 -d | cmp - "$work/plain"
# 6. register, unless it is
vendor "$base" | jq -e --arg arn "$arn" 'all(.cmks[]?; .resource != $arn)' >/dev/null
cmk=$(vendor -X POST "$base" -d "{\"provider\": \"aws\", \"resource\": \"$arn\"}" | jq -er '.cmk.id // .id')
# 7. confirm
vendor "$base/$cmk" >/dev/null
