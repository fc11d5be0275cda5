/**
 * The policy service's answer for one simulated customer: the same judgement and the same arithmetic of caps
 * (`libs/domain/policy`), with the contacts in memory where the service has them in Redis. Like the service it reserves
 * what it permits (I5), so that what is simulated keeps the caps (I6).
 */
import {
  isContact,
  type Channel,
  type EvaluateReply,
  type EvaluateRequest,
  type Outcome,
  type PolicyOption,
  type PolicyPackDefinition,
  type Purpose,
  type Verdict,
} from "#contracts";
import {
  capReached,
  journeyCap,
  judge,
  packCaps,
  settlement,
  type Cap,
  type CountedContact,
  type Judgement,
} from "#domain";

/** What the packs say, computed once for all customers. */
export class PolicyRules {
  readonly versions: readonly string[];
  readonly #caps = new Map<Purpose, readonly Cap[]>();

  constructor(readonly packs: readonly PolicyPackDefinition[]) {
    this.versions = packs.map((p) => `${p.id}@${p.version}`);
  }

  capsOf(purpose: Purpose): readonly Cap[] {
    let caps = this.#caps.get(purpose);
    if (!caps) this.#caps.set(purpose, (caps = packCaps(this.packs, purpose)));
    return caps;
  }
}

interface Judged {
  readonly option: PolicyOption;
  /** One per channel, caps included. */
  readonly verdicts: readonly Judgement[];
  readonly open: readonly Channel[];
}

/** No cap looks back further (the policy service refuses one that does). */
const LONGEST_PERIOD_MS = 100 * 86_400_000;

export class CustomerPolicy {
  /** By reservation id; what was released is gone, and so is what no cap can look back to. */
  readonly #contacts = new Map<string, CountedContact>();

  constructor(private readonly rules: PolicyRules) {}

  /** Judges, counts, and reserves the first option that has an open channel. */
  evaluate(request: EvaluateRequest): EvaluateReply {
    // In order of time: what is too old stands first.
    for (const [id, contact] of this.#contacts) {
      if (contact.at > request.at - LONGEST_PERIOD_MS) break;
      this.#contacts.delete(id);
    }
    const contacts = [...this.#contacts.values()];
    const own = request.cap ? [journeyCap(request.cap)] : [];
    const judged = request.options.map((option) => this.#judge(request, option, contacts, own));
    const chosenAt = judged.findIndex((j) => j.open.length > 0);
    const verdicts = grouped(judged, chosenAt);
    const packs = [...this.rules.versions];
    const chosen = judged[chosenAt];
    if (!chosen) return { verdicts, packs };
    const channels = [...chosen.open];
    // A case for an agent, something done: reserved, and no contact that counts.
    if (channels.some(isContact))
      this.#contacts.set(request.decisionId, {
        at: request.at,
        purpose: chosen.option.purpose,
        journey: request.journey,
        channels: channels.slice(0, 1),
      });
    return {
      reservationId: request.decisionId,
      chosen: { action: chosen.option.action, channels },
      verdicts,
      packs,
    };
  }

  /** Takes an outcome into the count, as the service does. */
  settle(outcome: Outcome): void {
    const contact = this.#contacts.get(outcome.reservationId);
    if (!contact) return;
    const end = settlement(outcome);
    if (end === "released") this.#contacts.delete(outcome.reservationId);
    if (end === "sent")
      this.#contacts.set(outcome.reservationId, {
        ...contact,
        channels: [...new Set([...outcome.tried.map((t) => t.channel), outcome.channel])],
      });
  }

  #judge(
    request: EvaluateRequest,
    option: PolicyOption,
    contacts: readonly CountedContact[],
    own: readonly Cap[],
  ): Judged {
    const { at, profile } = request;
    const caps =
      own.length === 0 ? this.rules.capsOf(option.purpose) : [...this.rules.capsOf(option.purpose), ...own];
    const verdicts = option.channels.map((channel): Judgement => {
      const judged = judge({ packs: this.rules.packs, copies: [profile], option, channel, at });
      if (judged.verdict !== "permitted") return judged;
      const cap = capReached(caps, contacts, { channel, at });
      return cap ? { ...judged, verdict: "denied", reason: cap.reason, rule: cap.rule } : judged;
    });
    return {
      option,
      verdicts,
      open: verdicts.filter((v) => v.verdict === "permitted").map((v) => v.channel),
    };
  }
}

/** Actions of which the same is true share a verdict; what comes after the chosen one was outranked. */
function grouped(judged: readonly Judged[], chosenAt: number): Verdict[] {
  const groups = new Map<string, Verdict>();
  for (const [i, { option, verdicts }] of judged.entries()) {
    for (const v of verdicts) {
      const said: Judgement =
        v.verdict === "permitted" && chosenAt >= 0 && i > chosenAt ? { ...v, reason: "outranked" } : v;
      const { channel, verdict, reason, rule = "", until = "" } = said;
      const key = `${channel} ${verdict} ${reason} ${until} ${rule}`;
      const group = groups.get(key);
      if (group) group.actions.push(option.action);
      else groups.set(key, { actions: [option.action], ...said });
    }
  }
  return [...groups.values()];
}
