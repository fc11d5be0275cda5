import type { Outcome } from "#contracts";

/** Why a leg was given up although its message may have arrived. */
const MAY_HAVE_ARRIVED = "no_receipt";

/**
 * What an outcome means for the contact budget: `sent` keeps what was reserved, `released` gives it back,
 * undefined (responses) changes nothing. A command that failed after a leg without a receipt stays counted:
 * the customer may have that message (I6).
 */
export function settlement(
  outcome: Pick<Outcome, "kind" | "reason" | "tried">,
): "sent" | "released" | undefined {
  switch (outcome.kind) {
    case "delivered":
    case "unknown":
      return "sent";
    case "failed":
    case "expired":
    case "suppressed": {
      const reasons = [outcome.reason, ...outcome.tried.map((t) => t.reason)];
      return reasons.includes(MAY_HAVE_ARRIVED) ? "sent" : "released";
    }
    case "opened":
    case "clicked":
    case "converted":
    case "declined":
      return undefined;
  }
}
