import { AUDITOR, AWS_IDENTITIES } from "../../../src/sandbox/cast.ts";
import { cloudContract } from "../../contract/cloud.ts";
import { sandboxScene } from "../../contract/sandbox-scene.ts";

cloudContract("AWS", () =>
  sandboxScene({
    cloud: "aws",
    auditor: { AWS_ACCESS_KEY_ID: AUDITOR.accessKeyId, AWS_SECRET_ACCESS_KEY: AUDITOR.secretAccessKey },
    stranger: { AWS_ACCESS_KEY_ID: "NOBODYSWORTHLESSKEY", AWS_SECRET_ACCESS_KEY: "nobodys-worthless-secret" },
    keys: { healthy: "healthy", disabled: "disabled", absent: "absent", unreadable: "unreadable" },
    tellsAbsence: true,
    secrets: ["nobodys-worthless-secret", ...AWS_IDENTITIES.map((identity) => identity.secretAccessKey)],
  }),
);
