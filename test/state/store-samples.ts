import type { KeyIdentity, KeyMemory, Transition } from "../../src/core/history.ts";
import type { Message } from "../../src/core/memory.ts";
import type { KeyReport } from "../../src/core/report.ts";

export const NOW = "2026-11-20T10:00:00.000Z";

export function identity(key: string, project: string | null = "demo"): KeyIdentity {
  return { vendor: "aiven", project, key };
}

export function memory(report: Partial<KeyReport> = {}, rest: Partial<Omit<KeyMemory, "report">> = {}): KeyMemory {
  return {
    report: {
      vendor: "aiven",
      project: "demo",
      cmkId: "0f4b1f0e-0000-4000-8000-000000000001",
      default: true,
      cloud: "aws",
      key: "arn:aws:kms:eu-west-1:111122223333:key/a",
      region: "eu-west-1",
      phase: "VALID",
      assurance: "policy",
      message: "The key is usable and the vendor is let in.",
      since: NOW,
      stale: false,
      waiting: false,
      lastCheckedAt: NOW,
      lastValidAt: NOW,
      evidence: { key: "pass", grant: "pass", roundtrip: "pass", vendor: "unknown" },
      findings: [
        {
          code: "key.rotation-off",
          level: "key",
          outcome: "warn",
          subject: "the key",
          detail: "Its material is not renewed.",
          fix: "Turn rotation on.",
        },
      ],
      accepted: [],
      services: [{ name: "my-pg", status: "active" }],
      deletionAt: null,
      materialExpiresAt: null,
      muted: [],
      ...report,
    },
    concludedAt: NOW,
    doubts: 0,
    probe: { at: NOW, outcome: { outcome: "pass" } },
    warned: [],
    told: [],
    ...rest,
  };
}

export function transition(parts: Partial<Transition> = {}): Transition {
  return {
    at: NOW,
    kind: "phase",
    from: "VALID",
    to: "INVALID",
    message: "The key is disabled.",
    code: null,
    ...parts,
  };
}

export function message(body: string, at = NOW): Message {
  return { target: "pager", body, at };
}
