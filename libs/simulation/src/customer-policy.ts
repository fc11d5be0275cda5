/**
 * The policy service's answer for one simulated customer: the domain's own judgement and arithmetic of caps
 * (`libs/domain/policy/evaluate.ts`), with the contacts in memory where the service has them in Redis. Like the service it
 * reserves what it permits (I5), so that what is simulated keeps the caps (I6).
 */
import type {
  EvaluateReply,
  EvaluateRequest,
  Outcome,
  PolicyPackDefinition,
  Profile,
  ReportedEntry,
} from "#contracts";
import { evaluate, packsFor, settlement, type CountedContact } from "#domain";

/** What the packs say, and their names, once for all customers. */
export class PolicyRules {
  constructor(readonly packs: readonly PolicyPackDefinition[]) {}

  /** Names of the packs that judge this customer. */
  versions(profile: Profile): string[] {
    return packsFor(this.packs, "marketing", [profile]).map((p) => `${p.id}@${p.version}`);
  }
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
    const answer = evaluate(request, {
      packs: this.rules.packs,
      copies: [request.profile],
      contacts: [...this.#contacts.values()],
    });
    const reply = { ...answer, packs: this.rules.versions(request.profile) };
    const { chosen } = reply;
    if (!chosen) return reply;
    const { action, channels } = chosen;
    const purpose = request.options.find((o) => o.action === action)!.purpose;
    this.#contacts.set(request.decisionId, {
      at: request.at,
      purpose,
      journey: request.journey,
      channels: channels.slice(0, 1),
      about: request.about,
    });
    return reply;
  }

  /** Counts a contact by another system. */
  report({ contactId, at, purpose, journey, channel, about }: ReportedEntry): void {
    this.#contacts.set(contactId, { at, purpose, journey, channels: [channel], about });
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
}
