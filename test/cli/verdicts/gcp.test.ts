import { GCP } from "./gcp.ts";
import { describeMatrix } from "./suite.ts";

describeMatrix(GCP);
