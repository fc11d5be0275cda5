/**
 * What was said lately bears on what may be said now: exclusion (an action and its group rest after it was said) and
 * diversity (of the last marketing contacts not too many alike). Judged from the contacts in the context, of which the
 * last `LIMITS.contacts` are there. A rule of one purpose never silences another.
 */
import {
  durationMs,
  isContact,
  type ActionDefinition,
  type ContextView,
  type DecisionRequest,
  type Explanation,
  type Purpose,
} from "#contracts";
import type { Catalogue } from "./catalogue.js";

type Said = ContextView["contacts"][number];

/** An action that was said, and until when it rests. */
interface Resting {
  readonly action: string;
  readonly group: string | undefined;
  readonly purpose: Purpose;
  readonly until: number;
}

/** The contacts of one customer, as the candidates of one decision are compared with them. */
export class Repetition {
  readonly #resting: readonly Resting[];
  readonly #lastMarketing: readonly Said[];

  constructor(
    { at, context }: Pick<DecisionRequest, "at" | "context">,
    private readonly catalogue: Catalogue,
  ) {
    const said = context.contacts.filter(wasSaid);
    this.#resting = said.flatMap(({ action, purpose, at: saidAt }): Resting[] => {
      const definition = catalogue.actions.get(action);
      if (definition?.restFor === undefined) return [];
      const until = saidAt + durationMs(definition.restFor);
      return until > at ? [{ action, group: definition.group, purpose, until }] : [];
    });
    const rule = catalogue.arbitration?.diversity;
    this.#lastMarketing = rule
      ? said.filter((c) => c.purpose === "marketing" && isContact(c.channel)).slice(1 - rule.contacts)
      : [];
  }

  /** Why this candidate should not be said again now; `undefined` when nothing speaks against it. */
  against(action: ActionDefinition): Explanation | undefined {
    return this.#exclusion(action) ?? this.#diversity(action);
  }

  #exclusion({ id, group, purpose }: ActionDefinition): Explanation | undefined {
    let longest: Resting | undefined;
    for (const r of this.#resting) {
      if (r.purpose !== purpose) continue;
      if (r.action !== id && (group === undefined || r.group !== group)) continue;
      if (!longest || r.until > longest.until) longest = r;
    }
    if (!longest) return undefined;
    const code = longest.action === id ? "said_recently" : "group_said_recently";
    return { action: id, stage: "exclusion", reason: `${code}: ${longest.action}`, until: longest.until };
  }

  #diversity({ id, group, purpose }: ActionDefinition): Explanation | undefined {
    const rule = this.catalogue.arbitration?.diversity;
    if (!rule || purpose !== "marketing" || this.#lastMarketing.length === 0) return undefined;
    const alike = (code: string, same: (c: Said) => boolean, atMost = Infinity): Explanation | undefined => {
      const n = this.#lastMarketing.filter(same).length;
      if (n < atMost) return undefined;
      return {
        action: id,
        stage: "diversity",
        reason: `${code}: ${n} of the last ${this.#lastMarketing.length}`,
      };
    };
    return (
      alike("too_often_this_action", (c) => c.action === id, rule.sameAction) ??
      (group === undefined
        ? undefined
        : alike(
            "too_often_this_group",
            (c) => this.catalogue.actions.get(c.action)?.group === group,
            rule.sameGroup,
          ))
    );
  }
}

/** Ordered and not known to have failed on every channel: the customer may have it, or is about to. */
function wasSaid({ outcome }: Said): boolean {
  return outcome !== "failed" && outcome !== "expired" && outcome !== "suppressed";
}
