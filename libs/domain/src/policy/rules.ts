/** The rules of all packs for one purpose: all apply, the strictest wins. */
import type { PolicyPackDefinition, PolicyRule, Purpose } from "#contracts";

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
