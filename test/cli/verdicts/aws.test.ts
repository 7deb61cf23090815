import { AWS } from "./aws.ts";
import { describeMatrix } from "./suite.ts";

describeMatrix(AWS);
