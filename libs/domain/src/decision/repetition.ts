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
  /** The last marketing contacts, by action and by group. */
  readonly #last: number;
  readonly #byAction = new Map<string, number>();
  readonly #byGroup = new Map<string, number>();

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
    const last = rule
      ? said.filter((c) => c.purpose === "marketing" && isContact(c.channel)).slice(1 - rule.contacts)
      : [];
    this.#last = last.length;
    for (const { action } of last) {
      count(this.#byAction, action);
      const group = catalogue.actions.get(action)?.group;
      if (group !== undefined) count(this.#byGroup, group);
    }
  }

  /** Why this candidate should not be said again now; `undefined` when nothing speaks against it. */
  against(action: ActionDefinition): Explanation | undefined {
    return (this.#resting.length === 0 ? undefined : this.#exclusion(action)) ?? this.#diversity(action);
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
    if (!rule || this.#last === 0 || purpose !== "marketing") return undefined;
    const ofAction = this.#byAction.get(id) ?? 0;
    const ofGroup = group === undefined ? 0 : (this.#byGroup.get(group) ?? 0);
    const code =
      ofAction >= (rule.sameAction ?? Infinity)
        ? "too_often_this_action"
        : ofGroup >= (rule.sameGroup ?? Infinity)
          ? "too_often_this_group"
          : undefined;
    if (code === undefined) return undefined;
    const n = code === "too_often_this_action" ? ofAction : ofGroup;
    return { action: id, stage: "diversity", reason: `${code}: ${n} of the last ${this.#last}` };
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Ordered and not known to have failed on every channel: the customer may have it, or is about to. */
function wasSaid({ outcome }: Said): boolean {
  return outcome !== "failed" && outcome !== "expired" && outcome !== "suppressed";
}
