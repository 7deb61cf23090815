import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

/** What `kubectl` makes of deploy/kubernetes, and that it says what the exit codes mean. */
const KUBECTL = hasKubectl();

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a manifest is read as it comes.
  readonly spec?: any;
}

function hasKubectl(): boolean {
  try {
    execFileSync("kubectl", ["version", "--client"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function rendered(): readonly Manifest[] {
  const text = execFileSync("kubectl", ["kustomize", "deploy/kubernetes"], { encoding: "utf8" });
  return parseAllDocuments(text).map((one) => one.toJS() as Manifest);
}

describe.skipIf(!KUBECTL)(`deploy/kubernetes${KUBECTL ? "" : " (skipped: no kubectl)"}`, () => {
  it("renders a service account, a configuration and a cron job", () => {
    expect(rendered().map((one) => one.kind)).toEqual(["ServiceAccount", "ConfigMap", "CronJob"]);
  });

  it("runs each shard once for a verdict, and again only when somebody could not be asked", () => {
    const cron = rendered().find((one) => one.kind === "CronJob")?.spec;
    const job = cron.jobTemplate.spec;
    expect(cron.concurrencyPolicy).toBe("Forbid");
    expect(job).toMatchObject({ completionMode: "Indexed", backoffLimitPerIndex: 2 });
    expect(job.podFailurePolicy.rules.map(ruleOf)).toEqual([
      ["Ignore", "DisruptionTarget"],
      ["FailIndex", [1, 2, 3, 10, 11]],
      ["Count", [12]],
    ]);
    const [container] = job.template.spec.containers;
    const env = new Map(container.env.map((one: { name: string; value: string }) => [one.name, one.value]));
    expect(env.get("KEYGRANT_SHARDS")).toBe(String(job.completions));
    expect(job.template.spec).toMatchObject({ restartPolicy: "Never", securityContext: { runAsNonRoot: true } });
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
  });
});

interface Rule {
  readonly action: string;
  readonly onExitCodes?: { readonly values: readonly number[] };
  readonly onPodConditions?: readonly { readonly type: string }[];
}

function ruleOf({ action, onExitCodes, onPodConditions }: Rule): readonly unknown[] {
  return [action, onExitCodes?.values ?? onPodConditions?.[0]?.type];
}
