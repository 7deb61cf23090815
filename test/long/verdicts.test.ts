import { AWS } from "../cli/verdicts/aws.ts";
import { GCP } from "../cli/verdicts/gcp.ts";
import { OCI } from "../cli/verdicts/oci.ts";
import { describeMatrix } from "../cli/verdicts/suite.ts";

for (const matrix of [AWS, GCP, OCI]) describeMatrix(matrix, true);
