/** Where Aiven's pages are silent, or say two things, each plausible answer can be had. */
export interface AivenKnobs {
  /** The docs say `role_arn`, the generated Go client `principal`. */
  readonly accessorSpelling: "role_arn" | "principal";
  /** In both official clients, on no docs page: whether it tells, always says 200, or is not there. */
  readonly accessCheck: "honest" | "always-200" | "absent";
  /** What registering a resource again does, while the first is not deleted. */
  readonly duplicates: "refuse" | "create" | "return";
  /** 201 in the docs, 200 in the schema. */
  readonly registerStatus: 200 | 201;
  /** The status of `Cannot verify encrypt/decrypt access`. */
  readonly refusalStatus: 400 | 403 | 409 | 422;
  /** Its `error_code`; null: none. */
  readonly refusalErrorCode: string | null;
  /** `schema`: `provider` and `status` only in the answer to a registration, as the generated client promises. */
  readonly cmkFields: "page" | "schema";
  /** Whether one CMK's details carry its service associations. */
  readonly associationsInGet: boolean;
  /** Whether a deleted CMK is still listed, with status `deleted`. */
  readonly deletedListed: boolean;
  /** How long a service takes to take a CMK on, or to let go of it, in milliseconds. */
  readonly activatingMs: number;
  /** Services whose change never comes to its end. */
  readonly stuckServices: readonly string[];
  /** Whether the list of services carries `cmk_id`; the page shows it for one service alone. */
  readonly cmkIdInServiceList: boolean;
  /** Where the vendor takes keys of OCI; those of other regions fail with an error that does not say why. */
  readonly ociRegions: readonly string[];
}

export const DEFAULT_AIVEN_KNOBS: AivenKnobs = {
  accessorSpelling: "role_arn",
  accessCheck: "honest",
  duplicates: "refuse",
  registerStatus: 201,
  refusalStatus: 400,
  refusalErrorCode: null,
  cmkFields: "page",
  associationsInGet: true,
  deletedListed: true,
  activatingMs: 3000,
  stuckServices: [],
  cmkIdInServiceList: true,
  ociRegions: ["eu-frankfurt-1", "us-ashburn-1", "us-phoenix-1"],
};
