/** When a customer may be contacted: the quiet hours of all packs, in the customer's own time zone. */
import { isContact, type Channel, type PolicyOption, type Profile } from "#contracts";
import { isTimeZone } from "../time/zone.js";
import type { QuietWindow } from "./quiet-hours.js";
import type { PlacedRule } from "./rules.js";

/** Urgency opens quiet hours for service and collections; marketing is never urgent enough. */
export function quietWindows(
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
export function zoneOf(copies: readonly Profile[]): string | undefined {
  let newest: Profile | undefined;
  for (const p of copies) if (p.timezone !== undefined && (!newest || p.seq > newest.seq)) newest = p;
  return newest?.timezone !== undefined && isTimeZone(newest.timezone) ? newest.timezone : undefined;
}
