/** The rules of every pack for one purpose and channel: all apply, the strictest wins. */
import type { Channel, PolicyPackDefinition, PolicyRule, Purpose } from "#contracts";

export interface PlacedRule {
  readonly rule: PolicyRule;
  /** `<pack>/<purpose>`, or with the rule's number where a pack has several for one purpose. */
  readonly path: string;
}

interface RulesOfPurpose {
  readonly all: readonly PlacedRule[];
  readonly byChannel: Map<Channel, readonly PlacedRule[]>;
}
/** Packs do not change once they are loaded, and the same ones judge every message. */
const placed = new WeakMap<readonly PolicyPackDefinition[], Map<Purpose, RulesOfPurpose>>();

/** The rules of every pack for one purpose. */
export function rulesFor(packs: readonly PolicyPackDefinition[], purpose: Purpose): readonly PlacedRule[] {
  return rulesOf(packs, purpose).all;
}

/** Those of them that are about this channel. */
export function rulesOn(
  packs: readonly PolicyPackDefinition[],
  purpose: Purpose,
  channel: Channel,
): readonly PlacedRule[] {
  const { all, byChannel } = rulesOf(packs, purpose);
  let rules = byChannel.get(channel);
  if (!rules) {
    rules = all.filter(({ rule }) => !rule.channels || rule.channels.includes(channel));
    byChannel.set(channel, rules);
  }
  return rules;
}

function rulesOf(packs: readonly PolicyPackDefinition[], purpose: Purpose): RulesOfPurpose {
  let byPurpose = placed.get(packs);
  if (!byPurpose) placed.set(packs, (byPurpose = new Map()));
  let rules = byPurpose.get(purpose);
  if (!rules) {
    rules = { all: placeRules(packs, purpose), byChannel: new Map() };
    byPurpose.set(purpose, rules);
  }
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
