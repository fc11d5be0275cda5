/**
 * What the packs say of an action on one channel, before any counting: holds, consent, silences, contact times. All packs apply
 * that may apply where the customer is, and the strictest wins: denied over deferred, the later deferral over the
 * earlier. What is not known never permits marketing. `execute` and `agent` are no contacts: no quiet hours and no caps.
 */
import type {
  Channel,
  ContactAbout,
  Engagement,
  PolicyOption,
  PolicyPackDefinition,
  Profile,
  ReasonCode,
  Verdict,
} from "#contracts";
import { refusedConsent } from "./consent.js";
import { closedOf } from "./closed-times.js";
import { releaseAt, timesOf, zonesOf } from "./contact-times.js";
import { coolingDown } from "./cool-down.js";
import { HOLD_REASONS, heldBy } from "./holds.js";
import { suppressedAsIgnored } from "./ignored.js";
import { packsFor } from "./place.js";
import { rulesOn } from "./rules.js";

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
  /** For whom a deferral is paced; without it, it ends when it opens. */
  readonly customerId?: string;
  /** How the customer took what was said, and what this would be about. */
  readonly engagement?: Engagement | undefined;
  readonly about?: ContactAbout | undefined;
}

/** What holds for a purpose and urgency on one channel, caps aside. */
export function judge(input: JudgeInput): Judgement {
  const { packs, copies, option, channel, at, customerId, engagement, about } = input;
  const base = { channel };
  const denied = (reason: ReasonCode, rule?: string): Judgement => ({
    ...base,
    verdict: "denied",
    reason,
    ...(rule === undefined ? {} : { rule }),
  });
  const rules = rulesOn(packsFor(packs, option.purpose, copies), option.purpose, channel);
  if (rules.length === 0) return denied("policy_unavailable");

  const held = heldBy(rules, option.purpose, channel, copies, at);
  if (held) return denied(HOLD_REASONS[held.hold], held.rule);
  const refused = refusedConsent(rules, option.purpose, channel, copies, at);
  if (refused) return denied(refused.reason, refused.rule);

  if (engagement) {
    const cooling = coolingDown(rules, option.purpose, channel, at, engagement, about);
    if (cooling) return { ...denied("cool_down", cooling.rule), until: cooling.until };
    const ignored = suppressedAsIgnored(rules, option.purpose, channel, at, engagement);
    if (ignored) return { ...denied("suppressed_ignored", ignored.rule), until: ignored.until };
  }

  const times = timesOf(rules, option, channel);
  if (times.length > 0) {
    const zones = zonesOf(copies);
    // Service messages go on; what the customer did not ask for waits until it is known when their night is.
    if (zones.length === 0 && option.purpose !== "service") return denied("no_timezone", times[0]!.path);
    const closed = closedOf(times, zones, at);
    if (closed) {
      const until = releaseAt(times, zones, at, customerId);
      if (until !== undefined)
        return { ...base, verdict: "deferred", reason: closed.reason, rule: closed.path, until };
      // There may be no hour that is open in all of the zones in which they may be.
      return denied(zones.length > 1 ? "no_timezone" : closed.reason, closed.path);
    }
  }
  return { ...base, verdict: "permitted", reason: "permitted" };
}
