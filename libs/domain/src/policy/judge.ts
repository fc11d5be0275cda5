/**
 * What the packs say of an action on one channel, before any counting: holds, consent, quiet hours. All packs
 * apply and the strictest wins: denied over deferred, the later deferral over the earlier. What is not known
 * never permits marketing. `execute` and `agent` are no contacts: no quiet hours and no caps.
 */
import type { Channel, PolicyOption, PolicyPackDefinition, Profile, ReasonCode, Verdict } from "#contracts";
import { refusedConsent } from "./consent.js";
import { quietWindows, zoneOf } from "./contact-times.js";
import { HOLD_REASONS, heldBy } from "./holds.js";
import { isQuiet, quietUntil } from "./quiet-hours.js";
import { rulesFor } from "./rules.js";

/** A verdict, of whatever actions are of this purpose and urgency. */
export type Judgement = Omit<Verdict, "actions">;

export interface JudgeInput {
  readonly packs: readonly PolicyPackDefinition[];
  /** Every copy there is of the profile (context, index): either refusing is a refusal. */
  readonly copies: readonly Profile[];
  readonly option: Pick<PolicyOption, "purpose" | "urgent">;
  readonly channel: Channel;
  /** Epoch ms. */
  readonly at: number;
}

/** What holds for a purpose and urgency on one channel, caps aside. */
export function judge(input: JudgeInput): Judgement {
  const { packs, copies, option, channel, at } = input;
  const base = { channel };
  const denied = (reason: ReasonCode, rule?: string): Judgement => ({
    ...base,
    verdict: "denied",
    reason,
    ...(rule === undefined ? {} : { rule }),
  });
  const rules = rulesFor(packs, option.purpose);
  if (rules.length === 0) return denied("policy_unavailable");

  const held = heldBy(rules, option.purpose, channel, copies, at);
  if (held) return denied(HOLD_REASONS[held.hold], held.rule);
  const refused = refusedConsent(rules, option.purpose, channel, copies, at);
  if (refused) return denied(refused.reason, refused.rule);

  const windows = quietWindows(rules, option, channel);
  const first = windows[0];
  if (first) {
    const zone = zoneOf(copies);
    if (zone === undefined) {
      // Service messages go on; what the customer did not ask for waits until it is known when their night is.
      if (option.purpose !== "service") return denied("no_timezone", first.path);
    } else {
      const closed = windows.find((w) => isQuiet(w, zone, at));
      if (closed) {
        const until = quietUntil(windows, zone, at);
        if (until === undefined) return denied("quiet_hours", closed.path);
        return { ...base, verdict: "deferred", reason: "quiet_hours", rule: closed.path, until };
      }
    }
  }
  return { ...base, verdict: "permitted", reason: "permitted" };
}
