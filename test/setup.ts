import fc from "fast-check";
import { FIXED_SEED } from "./property.ts";

// What lands must not depend on luck: CI tries the same cases each time, everybody else tries new ones.
if (process.env["CI"]) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: FIXED_SEED });
