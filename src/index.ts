/** keygrant as a library: the use cases, the ports that they work through, and how to open what is behind the ports. */

export { CLOUD_IDS, type CloudSettings, openCloud, openDialect, type ParseHints, parseKey } from "./clouds/index.ts";
export type { AssessOptions } from "./core/assess.ts";
export type {
  ApplyOptions,
  Cloud,
  CloudDialect,
  PlanOptions,
  PolicyFormat,
  PolicyText,
  ProbeOptions,
} from "./core/cloud.ts";
export { type ErrorKind, KeygrantError, LookError } from "./core/errors.ts";
export type { AccessView, Evidence, VendorView } from "./core/evidence.ts";
export {
  CODES,
  type CodeEntry,
  codeEntry,
  type Finding,
  type FindingCode,
  isCode,
  type Level,
  type Outcome,
} from "./core/findings.ts";
export {
  type Assurance,
  type JudgeInput,
  type Judgement,
  type JudgeOptions,
  judge,
  type ProbeMode,
  type Verdict,
} from "./core/judge.ts";
export type { AccessorKey, Memory, WriteEnd, WriteRecord } from "./core/memory.ts";
export type * from "./core/model.ts";
export { type OnboardDeps, type OnboardOptions, onboard } from "./core/onboard.ts";
export type { Clock, Jitter, RandomBytes } from "./core/ports.ts";
export type { Proposal, VendorAct } from "./core/proposal.ts";
export type {
  ChangeReport,
  KeyReport,
  OnboardReport,
  Phase,
  StepReport,
  Summary,
  ValidateReport,
} from "./core/report.ts";
export { type GivenKey, type ValidateDeps, type ValidateOptions, validate } from "./core/validate.ts";
export type { AccessorAnswer, AccessorAsk, RegisterOptions, RegisterResult, Vendor } from "./core/vendor.ts";
export { policyOf, shippedPolicies } from "./io/policies.ts";
export { fileMemory } from "./state/memory.ts";
export { openVendor, VENDOR_IDS, type VendorSettings } from "./vendors/index.ts";
