import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { GCP_AUDITOR, GCP_IDENTITIES } from "../../../src/sandbox/cast.ts";
import { cloudContract } from "../../contract/cloud.ts";
import { sandboxScene } from "../../contract/sandbox-scene.ts";

const folder = mkdtempSync(join(tmpdir(), "keygrant-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

function tokenFile(name: string, token: string): Record<string, string> {
  const path = join(folder, name);
  writeFileSync(path, token, { mode: 0o600 });
  return { CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: path };
}

const STRANGER = "nobodys-worthless-token";

for (const healthy of ["symmetric", "rsa"]) {
  cloudContract(`Google Cloud, ${healthy}`, () =>
    sandboxScene({
      cloud: "gcp",
      auditor: tokenFile("auditor", GCP_AUDITOR.token),
      stranger: tokenFile("stranger", STRANGER),
      keys: { healthy, disabled: "disabled", absent: "absent", unreadable: "unreadable" },
      tellsAbsence: true,
      secrets: [STRANGER, ...GCP_IDENTITIES.map((identity) => identity.token)],
    }),
  );
}
