import type { Clock } from "../../core/ports.ts";
import { ROLE_NOT_ASSUMED } from "./errors.ts";
import type { AwsCredentials, StsPort } from "./kms.ts";

/** Fixed, so that CloudTrail and trust policies can tell it (`sts:RoleSessionName`). */
const SESSION = "keygrant";
/** What every role gives, chained ones too. */
const SESSION_SECONDS = 3_600;
/** New ones are fetched this long before the old ones end: a call that begins now must not end without them. */
const MARGIN_MS = 5 * 60_000;

export interface Assumed {
  readonly role: string;
  readonly clock: Clock;
  /** STS as the caller that may assume the role. */
  readonly sts: (region: string) => StsPort;
}

/** The SDK keeps credentials for ever that do not say when they end. */
export type RoleCredentials = AwsCredentials & { readonly expiration: Date };

/** Credentials of a role, for the clients of a region: fetched when they are needed, once for all clients. */
export function assumedCredentials(about: Assumed): (region: string) => () => Promise<RoleCredentials> {
  let current: { readonly credentials: Promise<RoleCredentials>; until: number } | null = null;
  return (region) => () => {
    const now = about.clock.now().getTime();
    if (current !== null && now < current.until) return current.credentials;
    // Until STS has said how long they last, everybody waits for the same answer.
    const mine = {
      credentials: assume(about, region, (until) => (mine.until = until)),
      until: Number.POSITIVE_INFINITY,
    };
    current = mine;
    mine.credentials.catch(() => {
      if (current === mine) current = null;
    });
    return mine.credentials;
  };
}

async function assume(
  { role, clock, sts }: Assumed,
  region: string,
  lastsUntil: (until: number) => void,
): Promise<RoleCredentials> {
  const input = { RoleArn: role, RoleSessionName: SESSION, DurationSeconds: SESSION_SECONDS };
  const { Credentials: given } = await sts(region)
    .assumeRole(input)
    .catch((error: unknown) => {
      throw saidOfRole(error, role);
    });
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = given ?? {};
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) {
    throw credentialsError(`the answer to AssumeRole for ${role} holds no credentials`);
  }
  const end = given?.Expiration?.getTime() ?? clock.now().getTime() + SESSION_SECONDS * 1_000;
  lastsUntil(end - MARGIN_MS);
  return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(end) };
}

/** What STS refuses is about our credentials, not about the key; what passes (network, throttling) stays as it is. */
function saidOfRole(error: unknown, role: string): unknown {
  const isRefusal = error instanceof Error && /^(AccessDenied|AccessDeniedException|ValidationError)$/.test(error.name);
  return isRefusal ? credentialsError(`the role ${role} cannot be assumed: ${error.message}`, error) : error;
}

function credentialsError(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name: ROLE_NOT_ASSUMED });
}
