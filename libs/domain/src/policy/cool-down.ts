/** Silence after what the customer did: a conversion, a refusal, a complaint, a conversation. */
import {
  durationMs,
  isContact,
  type Channel,
  type ContactAbout,
  type CoolDown,
  type Engagement,
  type Purpose,
} from "#contracts";
import type { PlacedRule } from "./rules.js";

/** A rule under which nothing is said until then. */
export interface Silence {
  readonly rule: string;
  /** Epoch ms. */
  readonly until: number;
}

/** The silence that lasts longest. A case for an agent is silenced only where the rule or its cool-down names the channel. */
export function coolingDown(
  rules: readonly PlacedRule[],
  purpose: Purpose,
  channel: Channel,
  at: number,
  engagement: Engagement,
  about: ContactAbout | undefined,
): Silence | undefined {
  const { last } = engagement;
  if (!last) return undefined;
  let longest: Silence | undefined;
  for (const { rule, path } of rules) {
    for (const [i, coolDown] of (rule.coolDown ?? []).entries()) {
      if (!(coolDown.channels ?? rule.channels ?? []).includes(channel)) {
        if (coolDown.channels || !isContact(channel)) continue;
      }
      for (const fact of last) {
        if (!isAfter(coolDown, fact, purpose, about)) continue;
        const until = fact.at + durationMs(coolDown.for);
        if (until > at && until > (longest?.until ?? at)) longest = { rule: `${path}/coolDown/${i}`, until };
      }
    }
  }
  return longest;
}

/** What is not known is the same as any. */
function isAfter(
  coolDown: CoolDown,
  fact: NonNullable<Engagement["last"]>[number],
  purpose: Purpose,
  about: ContactAbout | undefined,
): boolean {
  if (fact.what !== coolDown.after) return false;
  if (fact.purpose !== undefined && fact.purpose !== purpose) return false;
  return (
    coolDown.per !== "debt" ||
    fact.debt === undefined ||
    about?.debt === undefined ||
    fact.debt === about.debt
  );
}
