/** Why a candidate stands where it stands in a decision's explanation: closed, by stage. A code may be followed by `: ` and details. */
import { REASON_CODES } from "./policy.v1.js";
import type { Explanation } from "./decision.v1.js";

const CONDITION = ["expression_failed"] as const;

export const DECISION_REASONS: Readonly<Record<Explanation["stage"], readonly string[]>> = {
  eligibility: ["not_in_catalogue", "not_yet_valid", "no_longer_valid", "not_eligible", ...CONDITION],
  applicability: ["value_missing", "not_applicable", ...CONDITION],
  suitability: ["not_suitable", ...CONDITION],
  channel: ["no_treatment_for_channels", "channels_used_up"],
  exclusion: ["said_recently", "group_said_recently"],
  diversity: ["too_often_this_action", "too_often_this_group"],
  control: ["control_group"],
  scoring: [...CONDITION],
  policy: [...REASON_CODES, "not_judged"],
  arbitration: ["outranked", "not_among_the_best"],
  chosen: ["only_candidate", "highest_score", "best_permitted"],
};

/** The code of a reason with details. */
export function reasonCodeOf(reason: string): string {
  return /^[a-z_]+/.exec(reason)?.[0] ?? reason;
}
