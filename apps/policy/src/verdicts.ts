/** From what was judged and counted to the verdicts of the answer. */
import type { Channel, PolicyOption, Verdict } from "#contracts";
import type { Judgement } from "#domain";
import { fullKey, type Counted, type FullCaps } from "./reserve-call.js";

/** One option with its verdicts so far, one per channel. Judgements that say the same are the same object. */
export interface Judged {
  readonly option: PolicyOption;
  readonly verdicts: readonly Judgement[];
  /** Channels that nothing but a cap can stop now. */
  readonly open: readonly Channel[];
}

/** The verdicts on all options: behind the one that was chosen, what is permitted was outranked. */
export function verdictsOf(
  judged: readonly Judged[],
  chosen: Counted["reserved"],
  full: FullCaps,
): Verdict[] {
  const chosenAt = chosen ? judged.findIndex((j) => j.option.action === chosen.action) : judged.length;
  const said = new Verdicts();
  const outranked = new Map<Judgement, Judgement>();
  const denied = new Map<Judgement, Judgement>();
  for (const [i, { option, verdicts }] of judged.entries()) {
    for (const verdict of verdicts) {
      if (verdict.verdict !== "permitted" || (i === chosenAt && chosen?.channels.includes(verdict.channel)))
        said.add(option.action, verdict);
      else if (i > chosenAt)
        said.add(
          option.action,
          kept(outranked, verdict, () => ({ ...verdict, reason: "outranked" })),
        );
      else
        said.add(
          option.action,
          kept(denied, verdict, () => deniedByCap(verdict, option, full)),
        );
    }
  }
  return said.all;
}

function kept(known: Map<Judgement, Judgement>, of: Judgement, make: () => Judgement): Judgement {
  let found = known.get(of);
  if (!found) known.set(of, (found = make()));
  return found;
}

function deniedByCap(verdict: Judgement, { purpose }: PolicyOption, full: FullCaps): Judgement {
  const cap = full.get(fullKey(purpose, verdict.channel));
  return {
    ...verdict,
    verdict: "denied",
    reason: cap?.reason ?? "cap_reached",
    ...(cap ? { rule: cap.rule } : {}),
  };
}

/** Gathers verdicts: actions of which the same is true share one. */
export class Verdicts {
  readonly #groups = new Map<string, Verdict>();
  readonly #known = new Map<Judgement, Verdict>();

  add(action: string, judgement: Judgement): void {
    const known = this.#known.get(judgement);
    if (known) {
      known.actions.push(action);
      return;
    }
    const { channel, verdict, reason, rule = "", until = "" } = judgement;
    const key = `${channel} ${verdict} ${reason} ${until} ${rule}`;
    let group = this.#groups.get(key);
    if (group) group.actions.push(action);
    else this.#groups.set(key, (group = { actions: [action], ...judgement }));
    this.#known.set(judgement, group);
  }

  get all(): Verdict[] {
    return [...this.#groups.values()];
  }
}
