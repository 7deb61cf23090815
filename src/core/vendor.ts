import type { VendorCheckup } from "./doctor.ts";
import type {
  Accessor,
  CloudId,
  KeyFacts,
  LookFailure,
  Registration,
  Seen,
  ServiceUse,
  VendorAnswer,
  VendorId,
} from "./model.ts";

export interface AccessorAsk {
  readonly project: string;
  readonly cloud: CloudId;
  /** Some vendors have principals for each region. */
  readonly region: string | null;
}

export type AccessorAnswer =
  | { readonly accessors: readonly Accessor[] }
  /** The vendor names its principals only once the key is registered (Confluent). */
  | { readonly after: "registration" };

export interface RegisterOptions {
  readonly project: string;
  readonly default: boolean;
}

export type RegisterResult =
  | { readonly outcome: "registered"; readonly registration: Registration; readonly created: boolean }
  /** The vendor tried to use the key and was refused: its own words. */
  | { readonly outcome: "refused"; readonly detail: string }
  /** Nothing was decided: the vendor could not be asked, or its answer means something else. */
  | { readonly outcome: "unknown"; readonly why: LookFailure };

export interface ProjectService {
  readonly name: string;
  /** The vendor's id of the key that protects it; null: none of the owner's keys does. */
  readonly cmkId: string | null;
}

/** Whether a change was made. `unknown`: nobody knows, or the vendor would not; what is there now has to be read. */
export type Changed = { readonly outcome: "done" } | { readonly outcome: "unknown"; readonly why: LookFailure };

export type UnregisterResult =
  | Changed
  /** Services are on the key, on their way to it or away from it: the vendor's own words. */
  | { readonly outcome: "in-use"; readonly detail: string };

/** One vendor, for one set of credentials. Optional capability, optional method. Constructors do no I/O. */
export interface Vendor {
  readonly id: VendorId;
  readonly clouds: readonly CloudId[];

  /** The principals to let in. Throws `LookError` when the vendor could not be asked. */
  accessors(ask: AccessorAsk): Promise<AccessorAnswer>;

  /** Every key registered in a project, deleted ones included. Throws `LookError` when the list could not be read. */
  registrations(project: string): AsyncIterable<Registration>;

  /** Registers the key, unless it is registered already. Never repeated blindly: after a doubt, it lists and matches. */
  register(facts: KeyFacts, options: RegisterOptions): Promise<RegisterResult>;

  /** Asks the vendor to use the key now. May leave a trace in the owner's audit log. */
  check(registration: Registration): Promise<VendorAnswer>;

  /** The registration as it is now; null when the vendor says that it is gone. */
  get(project: string, id: string): Promise<Seen<Registration | null>>;

  /** The services that depend on the key. A refusal is not "none". */
  services(registration: Registration): Promise<Seen<readonly ServiceUse[]>>;

  /** Every service of a project, protected by one of its keys or not. */
  projectServices?(project: string): Promise<Seen<readonly ProjectService[]>>;

  /** One service; null when the vendor says that there is none of that name. */
  service?(project: string, name: string): Promise<Seen<ProjectService | null>>;

  /** Makes the key the project's default for new services. */
  setDefault?(registration: Registration): Promise<Changed>;

  /** Puts a service under the key. It takes effect in its own time, which `services` shows. */
  attach?(project: string, service: string, registration: Registration): Promise<Changed>;

  /** Puts a service under none of the owner's keys. */
  detach?(project: string, service: string): Promise<Changed>;

  /** Takes the registration out; one that is gone already is done. */
  unregister?(registration: Registration): Promise<UnregisterResult>;

  /** What can be done with this vendor from here, where it lets one ask. */
  readonly checkup?: VendorCheckup;
}
