import type { CloudId, KeyFacts, PolicyText } from "../src/index.ts";
import { type Bench, median, type Size, type Target } from "./kit.ts";
import { type Looked, library, openScene } from "./scene.ts";

const STATEMENTS = 50;
const A_SECOND = 10_000;

/** Judging documents and rendering grants, without anybody being asked. */
export const bench: Bench = {
  title: "Policies judged and rendered",
  method: [
    `Judged: a document of ${STATEMENTS} statements (AWS), bindings (Google) or statements (OCI), one of which lets the vendor in, from`,
    "its text to the verdict of each action. Every document is new, so that nothing remembered helps. Rendered: the grant in each",
    "form that the cloud has and that needs no present policy, each counted once. CPU time of one process, user and system.",
  ].join("\n"),
  async run(size) {
    await using scene = await openScene();
    const targets: Target[] = [];
    for (const cloud of library.CLOUD_IDS) {
      const looked = await scene.look(cloud);
      const what = { limit: A_SECOND, must: "at least", unit: " a second" } as const;
      targets.push({ ...what, what: `${cloud}: judged`, measured: judgedASecond(looked, cloud, size) });
      targets.push({ ...what, what: `${cloud}: rendered`, measured: await renderedASecond(looked, cloud, size) });
    }
    return { targets };
  },
};

function judgedASecond({ cloud, facts, grant }: Looked, id: CloudId, { runs, smoke }: Size): number {
  const documents = smoke ? 2 : 100;
  let serial = 0;
  const rates = Array.from({ length: runs + 1 }, () => {
    const all = Array.from({ length: documents }, () => withStatements(facts, id, serial++));
    const seconds = cpuSeconds(() => {
      for (const one of all) {
        const [answer] = cloud.access(one, grant);
        if (!answer?.actions.every((action) => action.answer === "allowed")) throw new Error(`${id}: not allowed`);
      }
    });
    return (documents * STATEMENTS) / seconds;
  });
  // The first one warmed up.
  return median(rates.slice(1));
}

async function renderedASecond({ facts, grant }: Looked, id: CloudId, { runs, smoke }: Size): Promise<number> {
  const dialect = await library.openDialect(id, { scope: "key", noExport: false });
  const [kind] = grant.policy.key.kinds;
  if (kind === undefined) throw new Error(`${id} has no kind of key`);
  const text: PolicyText = { grant, kind, key: facts.ref, current: null, projects: ["demo"] };
  const forms = Object.entries(dialect.print)
    .filter(([form]) => form !== "document")
    .map(([, print]) => print);
  const times = smoke ? 2 : 1_000;
  const rates = Array.from({ length: runs + 1 }, () => {
    const seconds = cpuSeconds(() => {
      for (let time = 0; time < times; time++) for (const print of forms) print(text);
    });
    return (times * forms.length) / seconds;
  });
  return median(rates.slice(1));
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The same facts with the first document grown to as many statements as wanted, none of which stood in another one. */
function withStatements(facts: KeyFacts, id: CloudId, serial: number): KeyFacts {
  const [first, ...rest] = facts.documents;
  if (first === undefined || !first.body.known) throw new Error(`${id}: the document was not read`);
  const document = JSON.parse(first.body.value.text);
  const added = (present: number) =>
    Array.from({ length: STATEMENTS - present }, (_, index) => String(serial * STATEMENTS + index).padStart(12, "0"));
  if (id === "aws") document.Statement.push(...added(document.Statement.length).map(awsStatement));
  else if (id === "gcp") document.bindings.push(...added(document.bindings.length).map(gcpBinding));
  else {
    // A policy whose statement admits this key, and one with all the others.
    const own = document.policies.find((one: { name: string }) => one.name === "aiven-cmk-granted");
    const statements = added(own.statements.length).map(ociStatement);
    document.policies = [own, { ...own, id: `${own.id}2`, name: "others", statements }];
  }
  const body = { ...first.body, value: { ...first.body.value, text: JSON.stringify(document) } };
  return { ...facts, documents: [{ ...first, body }, ...rest] };
}

function awsStatement(number: string): object {
  return {
    Sid: `team ${number}`,
    Effect: "Allow",
    Principal: { AWS: [`arn:aws:iam::${number}:role/team-a`, `arn:aws:iam::${number}:role/team-b`] },
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"],
    Resource: "*",
    Condition: { StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } },
  };
}

function gcpBinding(number: string): object {
  return {
    role: "roles/cloudkms.cryptoKeyEncrypterDecrypter",
    members: [`serviceAccount:team-${number}@demo.iam.gserviceaccount.com`, `group:team-${number}@owner.example`],
    condition: { title: "until", expression: `request.time < timestamp("2099-01-01T00:00:00Z") && "${number}" != ""` },
  };
}

function ociStatement(number: string): string {
  return `Allow group Team${number} to use keys in compartment team where all {target.key.id = 'ocid1.key.oc1..k${number}', request.operation = 'Decrypt'}`;
}
