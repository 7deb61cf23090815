import type * as z from "zod";
import type { Http, HttpCall, HttpDeps } from "../../io/http.ts";
import { type Asked, judge, type Trouble, unexpected } from "./answers.ts";

/** What every call of this vendor's goes through. */
export interface Client {
  readonly http: Http;
  readonly deps: HttpDeps;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly trouble: Trouble };

export interface Ask<T> extends HttpCall {
  readonly schema: z.ZodType<T>;
  /** What the schema describes, for people: "a list of keys". */
  readonly expected: string;
  /** Whether it is about an OCI key. */
  readonly oci: boolean;
}

/** One call, and its answer held against the schema. */
export async function ask<T>(client: Client, call: Ask<T>): Promise<Answer<T>> {
  const asked: Asked = `${call.method} ${call.path}`;
  const answer = await client.http.call(call);
  if (!answer.ok) return { ok: false, trouble: judge(asked, answer, call.oci) };
  const read = call.schema.safeParse(answer.json);
  if (read.success) return { ok: true, value: read.data };
  const where = read.error.issues[0]?.path.join(".") ?? "";
  return { ok: false, trouble: unexpected(asked, answer, { expected: call.expected, where, oci: call.oci }) };
}
