import { Agent } from "node:http";
import got from "got";
import type { BareCloud } from "./cloud.ts";

/**
 * The least that can be done to ask what `validate` asks: the same SDK and HTTP client, the same calls in the same
 * order, as many keys at once, and nothing is made of the answers.
 */
const AT_ONCE = 64;
const { env } = process;
const http = got.extend({
  headers: { authorization: `aivenv1 ${env["AIVEN_AUTH_TOKEN"]}` },
  agent: { http: new Agent({ keepAlive: true }) },
});

async function openCloud(): Promise<BareCloud> {
  switch (env["KEYGRANT_BENCH_CLOUD"]) {
    case "aws":
      return (await import("./aws.ts")).open(env);
    case "gcp":
      return (await import("./gcp.ts")).open(env);
    default:
      return (await import("./oci.ts")).open(env);
  }
}

const projects = (env["KEYGRANT_BENCH_PROJECTS"] ?? "").split(" ");
const base = (project: string) => `${env["AIVEN_WEB_URL"]}/v1/project/${project}/secrets/cmks`;
const lists = await Promise.all(projects.map(listOf));
await Promise.all(projects.map((project) => http(`${base(project)}/accessors`).json()));
const cloud = await openCloud();
const queue = lists.flat().values();
await Promise.all(Array.from({ length: AT_ONCE }, worker));
process.exit();

interface Listed {
  readonly project: string;
  readonly id: string;
  readonly resource: string;
}

async function listOf(project: string): Promise<readonly Listed[]> {
  const { cmks } = (await http(base(project)).json()) as { readonly cmks: readonly Omit<Listed, "project">[] };
  return cmks.map(({ id, resource }) => ({ project, id, resource }));
}

async function worker(): Promise<void> {
  for (const { project, id, resource } of queue) {
    await cloud.look(resource);
    await Promise.all([http(`${base(project)}/${id}/service_associations`).json(), cloud.roundTrip(resource)]);
  }
}
