import type * as z from "zod";
import type { Registration } from "../../core/model.ts";
import type { Http, HttpCall, HttpDeps } from "../../io/http.ts";
import { segment } from "./address.ts";
import { type Asked, foreign, judge, type Trouble, unexpected } from "./answers.ts";
import { cmkAnswer, type WireCmk } from "./wire.ts";

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

/** A call about one key, which answers with that key. */
export async function cmk(
  client: Client,
  { project, id, cloud }: Pick<Registration, "project" | "id"> & { cloud?: Registration["cloud"] },
  call: Omit<HttpCall, "path">,
  action = "",
): Promise<Answer<WireCmk>> {
  const path = `${cmksPath(project)}/${segment("CMK id", id)}${action}`;
  const expected = "the key that was asked for";
  const answer = await ask(client, { ...call, path, schema: cmkAnswer, expected, oci: cloud === "oci" });
  if (!answer.ok) return answer;
  const { cmk } = answer.value;
  if (cmk.id.toLowerCase() === id.toLowerCase()) return { ok: true, value: cmk };
  return { ok: false, trouble: foreign(`${call.method} ${path}`, expected, "cmk.id") };
}

export function cmksPath(project: string): string {
  return `/v1/project/${segment("project", project)}/secrets/cmks`;
}
