import { cloudContract } from "../../contract/cloud.ts";
import { sandboxScene } from "../../contract/sandbox-scene.ts";

cloudContract("OCI", () =>
  sandboxScene({
    cloud: "oci",
    auditor: { OCI_CLI_PROFILE: "AUDITOR" },
    stranger: { OCI_CLI_PROFILE: "NOBODY" },
    keys: { healthy: "healthy", disabled: "disabled", absent: "absent", unreadable: "unreadable" },
    tellsAbsence: false,
    secrets: ["PRIVATE KEY"],
  }),
);
