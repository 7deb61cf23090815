import { nestsTooDeeply } from "../../core/depth.ts";
import { type DocumentBody, type LookCode, type Seen, seen, unseen } from "../../core/model.ts";
import { type Asked, readFailure } from "./errors.ts";
import type { KmsPort } from "./kms.ts";
import { lookFailure } from "./look.ts";
import { revisionOf } from "./meaning.ts";

/** Which key is asked about, where, and how the words of a failure call it. */
export interface Target {
  readonly kms: KmsPort;
  readonly keyId: string;
  /** " in eu-central-1"; empty for the key itself. */
  readonly about: string;
}

/** What a call answers, or why it could not be asked. Mistakes of our own are not caught. */
export async function look<T>(asked: Asked, call: () => Promise<T>): Promise<Seen<T>> {
  try {
    return seen(await call());
  } catch (error) {
    return unseen(lookFailure(readFailure(error, asked), asked));
  }
}

export async function readKeyPolicy(target: Target, signal: AbortSignal | undefined): Promise<Seen<DocumentBody>> {
  const asked: Asked = { call: "GetKeyPolicy", service: "kms", about: target.about };
  const answer = await look(asked, () =>
    target.kms.getKeyPolicy({ KeyId: target.keyId, PolicyName: "default" }, signal),
  );
  if (!answer.known) return answer;
  const text = answer.value.Policy;
  if (text !== undefined && nestsTooDeeply(text)) return notKms(asked, "the policy nests too deeply");
  return typeof text === "string" ? seen(bodyOf(text)) : notKms(asked, "it holds no policy");
}

/** No key has that many grants (50,000 are allowed, 50 and more a page): a list without an end is not AWS's. */
const MOST_PAGES = 2000;

/** All grants of the key, every page of them, in an order of their own. */
export async function readGrants(target: Target, signal: AbortSignal | undefined): Promise<Seen<DocumentBody>> {
  const asked: Asked = { call: "ListGrants", service: "kms", about: target.about };
  const grants: object[] = [];
  let marker: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const from = marker === undefined ? {} : { Marker: marker };
    const answer = await look(asked, () => target.kms.listGrants({ KeyId: target.keyId, ...from }, signal));
    if (!answer.known) return answer;
    const { Grants: listed } = answer.value;
    if (!Array.isArray(listed)) return notKms(asked, "it holds no list of grants");
    grants.push(...listed);
    if (answer.value.Truncated !== true) return seen(grantsBody(grants));
    const next = answer.value.NextMarker;
    if (next === undefined || next === marker) return notKms(asked, "it says that there is more, and not where");
    marker = next;
  }
  return notKms(asked, "it has no end");
}

function grantsBody(grants: readonly object[]): DocumentBody {
  const sorted = grants.map((grant) => JSON.stringify(grant)).sort();
  const text = JSON.stringify({ Grants: sorted.map((grant): unknown => JSON.parse(grant)) }, null, 2);
  return bodyOf(text);
}

/** Its revision is worked out for whoever asks: who only judges the text does not. */
function bodyOf(text: string): DocumentBody {
  let revision: string | undefined;
  return {
    text,
    get revision() {
      revision ??= revisionOf(text);
      return revision;
    },
  };
}

/** An answer that AWS would not give. */
export function notKms(asked: Asked, fault: string, code: LookCode = "look.unreachable"): Seen<never> {
  return unseen({
    code,
    detail: `The answer to ${asked.call}${asked.about ?? ""} does not look like AWS's: ${fault}.`,
    fix: "Check the endpoint (AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL) and what stands between.",
  });
}
