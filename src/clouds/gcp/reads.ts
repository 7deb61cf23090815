import { type DocumentBody, type LookCode, type PolicyDocument, type Seen, seen, unseen } from "../../core/model.ts";
import { type CallDeps, look } from "./calls.ts";
import { KEY_POLICY, POLICY_TITLES, PROJECT_POLICY, RING_POLICY, ROLE } from "./documents.ts";
import type { Asked } from "./errors.ts";
import { parseExactly } from "./json.ts";
import type { CryptoKeyVersion, CryptoPort, GcpPort } from "./kms.ts";
import { isRecord, parsePolicy } from "./policy.ts";

export interface ReadDeps extends CallDeps {
  readonly port: GcpPort;
}

const PERMISSION = "cloudkms.cryptoKeys.getIamPolicy";

/** The key's own IAM policy, as it is now. */
export function readKeyPolicy(deps: ReadDeps, key: string): Promise<Seen<DocumentBody>> {
  const asked: Asked = { call: "GetIamPolicy", permission: PERMISSION, about: " of the key" };
  return readPolicy(deps, asked, POLICY_TITLES[KEY_POLICY], (signal) => deps.port.getIamPolicy(key, signal));
}

export function readRingPolicy(deps: ReadDeps, ring: string): Promise<Seen<DocumentBody>> {
  const asked: Asked = {
    call: "GetIamPolicy",
    permission: "cloudkms.keyRings.getIamPolicy",
    about: " of the key ring",
  };
  return readPolicy(deps, asked, POLICY_TITLES[RING_POLICY], (signal) => deps.port.getIamPolicy(ring, signal));
}

export function readProjectPolicy(deps: ReadDeps, project: string): Promise<Seen<DocumentBody>> {
  const asked: Asked = {
    call: "GetIamPolicy",
    permission: "resourcemanager.projects.getIamPolicy",
    about: " of the project",
  };
  return readPolicy(deps, asked, POLICY_TITLES[PROJECT_POLICY], (signal) =>
    deps.port.getProjectIamPolicy(project, signal),
  );
}

async function readPolicy(
  deps: ReadDeps,
  asked: Asked,
  title: string,
  call: (signal: AbortSignal) => Promise<string>,
): Promise<Seen<DocumentBody>> {
  const answer = await look(deps, asked, call);
  return answer.known ? policyBody(answer.value, title) : answer;
}

/** A policy as it came back, laid out like Google's own answers, so that a change shows as few lines as it has. */
export function policyBody(answer: string, title: string): Seen<DocumentBody> {
  const policy = parsePolicy(answer, title);
  if (!policy.known) return policy;
  // Without an etag a write would not notice that somebody else has written.
  const { etag } = policy.value;
  if (etag === undefined || etag === "") {
    return unseen({ code: "look.unreachable", detail: `What came back as ${title} has no etag: it is not Google's.` });
  }
  return seen({ text: JSON.stringify(parseExactly(answer), null, 2), revision: etag });
}

/** What a role may do, as a document. */
export async function readRole(deps: ReadDeps, role: string): Promise<PolicyDocument> {
  const asked: Asked = { call: "GetRole", permission: "iam.roles.get", about: ` ${role}` };
  const answer = await look(deps, asked, (signal) => deps.port.getRole(role, signal));
  return {
    id: `${ROLE}${role}`,
    title: `the role ${role}`,
    body: answer.known ? roleBody(answer.value, asked) : answer,
  };
}

function roleBody(text: string, asked: Asked): Seen<DocumentBody> {
  try {
    const role: unknown = JSON.parse(text);
    if (!isRecord(role)) return notGoogle(asked, "it is not a role");
    return seen({
      text: JSON.stringify(role, null, 2),
      revision: typeof role["etag"] === "string" ? role["etag"] : text,
    });
  } catch {
    return notGoogle(asked, "it is not JSON");
  }
}

/** Google takes no more of a page than it likes; a list without an end is not Google's. */
const MOST_PAGES = 1_000;

/** Every version of the key, in the order in which Google lists them. */
export async function readVersions(
  deps: CallDeps,
  port: CryptoPort,
  key: string,
): Promise<Seen<readonly CryptoKeyVersion[]>> {
  const asked: Asked = { call: "ListCryptoKeyVersions", permission: "cloudkms.cryptoKeyVersions.list" };
  const versions: CryptoKeyVersion[] = [];
  let token = "";
  for (let page = 0; page < MOST_PAGES; page++) {
    const from = token;
    const answer = await look(deps, asked, (signal) => port.listCryptoKeyVersions(key, from, signal));
    if (!answer.known) return answer;
    versions.push(...(answer.value.cryptoKeyVersions ?? []));
    token = answer.value.nextPageToken ?? "";
    if (token === "") return seen(versions);
    if (token === from) break;
  }
  return notGoogle(asked, "it has no end");
}

/** An answer that Google would not give. */
export function notGoogle(asked: Asked, fault: string, code: LookCode = "look.unreachable"): Seen<never> {
  return unseen({
    code,
    detail: `The answer to ${asked.call}${asked.about ?? ""} does not look like Google Cloud's: ${fault}.`,
    fix: "Check the endpoint (CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS) and what stands between.",
  });
}
