/**
 * What the policy service answers, as a pure function of the facts: the same judgement and the same arithmetic of caps,
 * with the contacts given where the service has them in Redis. Used to compute a decision again, and what it would have
 * been if one fact had been another.
 */
import type {
  Channel,
  Controls,
  EvaluateReply,
  EvaluateRequest,
  PolicyPackDefinition,
  PolicyOption,
  Profile,
  Verdict,
} from "#contracts";
import { capReached, journeyCap, packCaps, type Cap, type CountedContact } from "./caps.js";
import { zonesOf } from "./contact-times.js";
import { judge, type Judgement } from "./judge.js";
import { packsFor } from "./place.js";
import { stoppedBy } from "./stopped.js";

export interface PolicyFacts {
  readonly packs: readonly PolicyPackDefinition[];
  /** Every copy there is of the profile. */
  readonly copies: readonly Profile[];
  /** What takes part of the customer's budget. */
  readonly contacts: readonly CountedContact[];
  /** Caps, by their rule, that are not counted. */
  readonly uncounted?: ReadonlySet<string>;
  /** The kill switch as it stood. */
  readonly controls?: Controls;
}

interface Judged {
  readonly option: PolicyOption;
  /** One per channel, caps included. */
  readonly verdicts: readonly Judgement[];
  readonly open: readonly Channel[];
}

/** Judges, counts, and takes the first option that has an open channel. `packs` is left to the caller, who names them. */
export function evaluate(request: EvaluateRequest, facts: PolicyFacts): Omit<EvaluateReply, "packs"> {
  const judged: Judged[] = [];
  let chosen: Judged | undefined;
  for (const option of request.options) {
    const one = judgeOption(request, option, facts, chosen === undefined);
    judged.push(one);
    if (!chosen && one.open.length > 0) chosen = one;
  }
  const verdicts = grouped(judged, chosen);
  if (!chosen) return { verdicts };
  return {
    reservationId: request.decisionId,
    chosen: { action: chosen.option.action, channels: [...chosen.open] },
    verdicts,
  };
}

/** Behind the chosen option nothing is counted any more: it was outranked, whatever the caps would say. */
function judgeOption(
  { at, cap, journey, customerId, engagement, about }: EvaluateRequest,
  option: PolicyOption,
  { packs, copies, contacts, uncounted, controls }: PolicyFacts,
  counted: boolean,
): Judged {
  const there = packsFor(packs, option.purpose, copies);
  const caps: readonly Cap[] = [...packCaps(there, option.purpose), ...(cap ? [journeyCap(cap)] : [])].filter(
    (c) => !uncounted?.has(c.rule),
  );
  const verdicts = option.channels.map((channel): Judgement => {
    const stop = controls && stoppedBy(controls, journey, channel);
    if (stop !== undefined) return { channel, verdict: "denied", reason: "stopped", rule: stop };
    const judgement = judge({ packs, copies, option, channel, at, customerId, engagement, about });
    if (judgement.verdict !== "permitted" || !counted) return judgement;
    const full = capReached(caps, contacts, { channel, at, journey, about, zones: zonesOf(copies) });
    return full ? { ...judgement, verdict: "denied", reason: full.reason, rule: full.rule } : judgement;
  });
  return {
    option,
    verdicts,
    open: counted ? verdicts.filter((v) => v.verdict === "permitted").map((v) => v.channel) : [],
  };
}

/** Actions of which the same is true share a verdict; what was permitted behind the chosen one was outranked. */
function grouped(judged: readonly Judged[], chosen: Judged | undefined): Verdict[] {
  const behind = chosen ? judged.indexOf(chosen) : judged.length;
  const groups = new Map<string, Verdict>();
  for (const [i, { option, verdicts }] of judged.entries()) {
    for (const v of verdicts) {
      const said: Judgement = i > behind && v.verdict === "permitted" ? { ...v, reason: "outranked" } : v;
      const { channel, verdict, reason, rule = "", until = "" } = said;
      const key = `${channel} ${verdict} ${reason} ${until} ${rule}`;
      const group = groups.get(key);
      if (group) group.actions.push(option.action);
      else groups.set(key, { actions: [option.action], ...said });
    }
  }
  return [...groups.values()];
}
