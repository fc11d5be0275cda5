/**
 * What the packs say of an action on one channel, before any counting: holds, consent, quiet hours. All packs
 * apply and the strictest wins: denied over deferred, the later deferral over the earlier. What is not known
 * never permits marketing.
 *
 * `execute` and `agent` are no contacts: no quiet hours and no caps. Holds stop automation, and a fraud,
 * hardship or complaint hold is there to bring in a human: the agent stays permitted under them. An opt-out is
 * about being spoken to, so it does not stop `execute`; fraud and death always stop it, whatever the packs say. Nor does
 * any pack let an automated contact out to a customer in hardship before a person has lifted the hold, or to a dead one.
 */
import {
  consentKey,
  isContact,
  type Channel,
  type HoldKind,
  type PolicyOption,
  type PolicyPackDefinition,
  type PolicyRule,
  type Profile,
  type Purpose,
  type ReasonCode,
  type Verdict,
} from "#contracts";
import { isTimeZone } from "../time/zone.js";
import { isQuiet, quietUntil, type QuietWindow } from "./quiet-hours.js";

/** Holds that stop a case for a human too, where the rule names them. */
const STOPS_AGENT: readonly HoldKind[] = ["deceased", "opt-out"];
const ALWAYS_STOPS_EXECUTE: readonly HoldKind[] = ["fraud", "deceased"];
const ALWAYS_STOPS_CONTACT: readonly HoldKind[] = ["hardship", "deceased"];

const HOLD_REASONS: Readonly<Record<HoldKind, ReasonCode>> = {
  fraud: "hold_fraud",
  hardship: "hold_hardship",
  complaint: "hold_complaint",
  deceased: "hold_deceased",
  "opt-out": "hold_opt_out",
};

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

export interface PlacedRule {
  readonly rule: PolicyRule;
  /** `<pack>/<purpose>`, or with the rule's number where a pack has several for one purpose. */
  readonly path: string;
}

type RulesByPurpose = Map<Purpose, readonly PlacedRule[]>;
/** Packs do not change once they are loaded, and the same ones judge every message. */
const placed = new WeakMap<readonly PolicyPackDefinition[], RulesByPurpose>();

/** The rules of every pack for one purpose. */
export function rulesFor(packs: readonly PolicyPackDefinition[], purpose: Purpose): readonly PlacedRule[] {
  let byPurpose = placed.get(packs);
  if (!byPurpose) placed.set(packs, (byPurpose = new Map()));
  let rules = byPurpose.get(purpose);
  if (!rules) byPurpose.set(purpose, (rules = placeRules(packs, purpose)));
  return rules;
}

function placeRules(packs: readonly PolicyPackDefinition[], purpose: Purpose): readonly PlacedRule[] {
  return packs.flatMap((pack) => {
    const rules = pack.rules.filter((r) => r.purpose === purpose);
    return rules.map((rule, i) => ({
      rule,
      path: `${pack.id}/${purpose}${rules.length > 1 ? `/${i}` : ""}`,
    }));
  });
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

  const held = heldBy(rules, channel, copies);
  if (held) return denied(HOLD_REASONS[held.hold], held.rule);
  const refused = refusedConsent(rules, option.purpose, channel, copies);
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

function heldBy(
  rules: readonly PlacedRule[],
  channel: Channel,
  copies: readonly Profile[],
): { hold: HoldKind; rule: string } | undefined {
  if (copies.every((p) => p.holds.length === 0)) return undefined;
  const holds = new Set(copies.flatMap((p) => p.holds.map((h) => h.kind)));
  if (channel === "execute") {
    const hold = ALWAYS_STOPS_EXECUTE.find((h) => holds.has(h));
    if (hold) return { hold, rule: "built-in/execute/holds" };
  }
  if (isContact(channel)) {
    const hold = ALWAYS_STOPS_CONTACT.find((h) => holds.has(h));
    if (hold) return { hold, rule: "built-in/contact/holds" };
  }
  for (const { rule, path } of rules) {
    const hold = rule.blockedBy.find((h) => holds.has(h) && stops(h, channel));
    if (hold) return { hold, rule: `${path}/blockedBy` };
  }
  return undefined;
}

function stops(hold: HoldKind, channel: Channel): boolean {
  if (channel === "agent") return STOPS_AGENT.includes(hold);
  if (channel === "execute") return hold !== "opt-out";
  return true;
}

function refusedConsent(
  rules: readonly PlacedRule[],
  purpose: Purpose,
  channel: Channel,
  copies: readonly Profile[],
): { reason: ReasonCode; rule: string } | undefined {
  const key = consentKey(purpose, channel);
  const records = copies.map((p) => p.consents[key]);
  const rule = `${rules[0]?.path ?? purpose}/consent`;
  if (records.includes(false)) return { reason: "consent_refused", rule };
  if (records.includes(true)) return undefined;
  const required = rules.find((r) => r.rule.consent === "required");
  return required && { reason: "no_consent_record", rule: `${required.path}/consent` };
}

/** Urgency opens quiet hours for service and collections; marketing is never urgent enough. */
function quietWindows(
  rules: readonly PlacedRule[],
  option: Pick<PolicyOption, "purpose" | "urgent">,
  channel: Channel,
): readonly (QuietWindow & { readonly path: string })[] {
  if (!isContact(channel) || (option.urgent && option.purpose !== "marketing")) return [];
  return rules.flatMap(({ rule, path }) => {
    const quiet = rule.quietHours;
    if (!quiet || (quiet.channels && !quiet.channels.includes(channel))) return [];
    return [{ from: quiet.from, to: quiet.to, path: `${path}/quietHours` }];
  });
}

/** The zone of the newest copy that has one. */
function zoneOf(copies: readonly Profile[]): string | undefined {
  let newest: Profile | undefined;
  for (const p of copies) if (p.timezone !== undefined && (!newest || p.seq > newest.seq)) newest = p;
  return newest?.timezone !== undefined && isTimeZone(newest.timezone) ? newest.timezone : undefined;
}
