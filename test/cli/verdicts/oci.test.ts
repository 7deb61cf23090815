import { OCI } from "./oci.ts";
import { describeMatrix } from "./suite.ts";

describeMatrix(OCI);
