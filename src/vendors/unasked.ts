import { LookError } from "../core/errors.ts";
import type { LookFailure, VendorId } from "../core/model.ts";
import { unseen } from "../core/model.ts";
import type { Vendor } from "../core/vendor.ts";

const WHY: LookFailure = {
  code: "look.unsupported",
  detail: "No vendor was asked: keygrant has no credentials of it in this run.",
  fix: "Name a project, so that the vendor is asked.",
};

/** A vendor whom nobody asks, because who must have access to each key is written down: it needs no token. */
export function unaskedVendor(id: VendorId): Vendor {
  const refuse = () => Promise.reject(new LookError(WHY, WHY.fix ?? ""));
  return {
    id,
    clouds: [],
    accessors: refuse,
    async *registrations() {},
    register: async () => ({ outcome: "unknown", why: WHY }),
    check: async () => ({ answer: "no-answer", detail: WHY.detail, why: WHY }),
    get: async () => unseen(WHY),
    services: async () => unseen(WHY),
  };
}
