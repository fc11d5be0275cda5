/** Silence after contacts that arrived and were ignored. */
import { durationMs, isContact, type Channel, type Engagement, type Purpose } from "#contracts";
import type { Silence } from "./cool-down.js";
import type { PlacedRule } from "./rules.js";

/** The silence that lasts longest; none on what is no contact. */
export function suppressedAsIgnored(
  rules: readonly PlacedRule[],
  purpose: Purpose,
  channel: Channel,
  at: number,
  engagement: Engagement,
): Silence | undefined {
  const ignored = engagement.ignored?.[purpose];
  if (!ignored || !isContact(channel)) return undefined;
  let longest: Silence | undefined;
  for (const { rule, path } of rules) {
    const bound = rule.suppressAfterIgnored;
    if (!bound || ignored.n < bound.count) continue;
    const until = ignored.last + durationMs(bound.for);
    if (until > at && until > (longest?.until ?? at))
      longest = { rule: `${path}/suppressAfterIgnored`, until };
  }
  return longest;
}
