/**
 * Evaluates ranked options: judges consent, holds and quiet hours in the domain, counts and reserves in one Redis
 * script, writes the contact ledger, and answers.
 *
 * I5 No command leaves without a reservation: what is answered as chosen is reserved and in the ledger.
 * I6 In no rolling window does a customer get more contacts than the cap, also when Redis is emptied meanwhile:
 *    after the ledger has the contact, the reservation must still stand in Redis before it is answered.
 * Fails closed: without Redis or the ledger every option is denied as `policy_unavailable`.
 */
import type {
  Channel,
  EvaluateReply,
  EvaluateRequest,
  PolicyOption,
  PolicyPackDefinition,
  Profile,
  Purpose,
  Verdict,
} from "#contracts";
import { PURPOSES } from "#contracts";
import { journeyCap, judge, packCaps, type Cap } from "#domain";
import type { ContactLedger } from "./contact-ledger.publisher.js";
import type { IndexRebuild } from "./index-rebuild.js";
import { channelsOf, recordStates, toLedger } from "./contact-record.js";
import { CONTACTS_KEPT_MS, type CapDenial, type PolicyIndex, type Reserved } from "./policy-index.store.js";
import { IndexUnavailable } from "./redis-connection.js";
import { LedgerUnavailable } from "./stored-events.reader.js";

/** The request asks for what the index cannot count; the same request would fail again. */
export class UncountableCap extends Error {
  override readonly name = "UncountableCap";
}

export interface EvaluatorPorts {
  readonly packs: readonly PolicyPackDefinition[];
  readonly index: PolicyIndex;
  readonly rebuild: IndexRebuild;
  readonly ledger: Pick<ContactLedger, "write">;
  readonly log: { warn(fields: object, message: string): void };
}

export interface CallContext {
  /** Milliseconds within which the caller wants its answer. */
  readonly withinMs: number;
  /** Trace headers for messages that this call causes. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Each round either answers, or learns something newer; more rounds than this mean that Redis is in turmoil. */
const MAX_ROUNDS = 10;

/** One option with its verdicts so far, one per channel. */
interface Judged {
  readonly option: PolicyOption;
  readonly verdicts: readonly Verdict[];
  /** Channels that nothing but a cap can stop now. */
  readonly open: readonly Channel[];
}

type Settled = Exclude<Reserved, { kind: "unknown" } | { kind: "newer-profile" }>;

export class Evaluator {
  readonly #ports: EvaluatorPorts;
  readonly #versions: readonly string[];
  readonly #caps: ReadonlyMap<Purpose, readonly Cap[]>;

  constructor(ports: EvaluatorPorts) {
    this.#ports = ports;
    this.#versions = ports.packs.map((p) => `${p.id}@${p.version}`);
    this.#caps = new Map(PURPOSES.map((purpose) => [purpose, packCaps(ports.packs, purpose)]));
    for (const cap of [...this.#caps.values()].flat()) refuseUncountable(cap);
  }

  /** The caps that the packs put on a purpose. */
  capsOf(purpose: Purpose): readonly Cap[] {
    return this.#caps.get(purpose) ?? [];
  }

  /** Never throws for what may pass: that is denied. Throws UncountableCap. */
  async evaluate(request: EvaluateRequest, call: CallContext): Promise<EvaluateReply> {
    const cap = request.cap && journeyCap(request.cap);
    if (cap) refuseUncountable(cap);
    try {
      return await this.#evaluate(request, cap, call);
    } catch (error) {
      if (!(error instanceof IndexUnavailable || error instanceof LedgerUnavailable)) throw error;
      this.#ports.log.warn({ error: error.message }, "evaluate fails closed: everything is denied");
      const verdicts = request.options.flatMap(({ action, channels }) =>
        channels.map((channel): Verdict => ({
          action,
          channel,
          verdict: "denied",
          reason: "policy_unavailable",
        })),
      );
      return { verdicts, packs: [...this.#versions] };
    }
  }

  async #evaluate(request: EvaluateRequest, cap: Cap | undefined, call: CallContext): Promise<EvaluateReply> {
    const until = performance.now() + call.withinMs;
    let copies: readonly Profile[] = [request.profile];
    for (let round = 0; round < MAX_ROUNDS && performance.now() <= until; round++) {
      const judged = this.#judge(request, copies);
      const candidates = judged.filter((j) => j.open.length > 0);
      if (candidates.length === 0)
        return this.#reply(request, judged, { kind: "none", denials: [] }, candidates);
      const reserved = await this.#ports.index.reserve({
        decisionId: request.decisionId,
        customerId: request.customerId,
        at: request.at,
        candidates: candidates.map(({ option, open }) => ({
          action: option.action,
          purpose: option.purpose,
          urgent: option.urgent,
          channels: open,
          caps: cap ? [...this.capsOf(option.purpose), cap] : this.capsOf(option.purpose),
        })),
        journey: request.journey,
        journeyCap: cap,
        profile: request.profile,
        judgedSeq: Math.max(...copies.map((p) => p.seq)),
      });
      if (reserved.kind === "unknown") {
        await this.#ports.rebuild.customer(request.customerId, { at: request.at });
      } else if (reserved.kind === "newer-profile") {
        copies = [request.profile, reserved.profile];
      } else {
        const stands = await this.#enter(request, reserved, cap, call);
        return this.#reply(request, judged, stands, candidates);
      }
    }
    throw new IndexUnavailable("the index kept changing until the request's time was up");
  }

  /** Puts a reservation into the ledger and makes sure that it stands; answers what may be told. */
  async #enter(
    request: EvaluateRequest,
    reserved: Settled,
    cap: Cap | undefined,
    call: CallContext,
  ): Promise<Settled> {
    if (reserved.kind === "none") return reserved;
    const { record } = reserved;
    if (record.s === recordStates.withdrawn) return { kind: "none", denials: reserved.denials };
    if (record.s !== recordStates.pending) return reserved;
    const { customerId, decisionId } = request;
    const entry = toLedger(customerId, decisionId, record);
    await this.#ports.ledger.write(entry, call.withinMs, call.headers);
    const caps = cap ? [...this.capsOf(record.p), cap] : this.capsOf(record.p);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const answer = await this.#ports.index.confirm(customerId, decisionId, record, caps);
      if (answer === "ok") return reserved;
      if (answer === "full") {
        await this.#ports.ledger.write(
          { ...entry, counts: false, withdrawn: true },
          call.withinMs,
          call.headers,
        );
        return { kind: "none", denials: reserved.denials };
      }
      await this.#ports.rebuild.customer(customerId, { at: request.at, except: decisionId });
    }
    throw new IndexUnavailable(`the index was lost ${MAX_ROUNDS} times while one contact was reserved`);
  }

  #judge(request: EvaluateRequest, copies: readonly Profile[]): readonly Judged[] {
    const { packs } = this.#ports;
    return request.options.map((option) => {
      const verdicts = option.channels.map((channel) =>
        judge({ packs, copies, option, channel, at: request.at }),
      );
      return {
        option,
        verdicts,
        open: verdicts.filter((v) => v.verdict === "permitted").map((v) => v.channel),
      };
    });
  }

  #reply(
    request: EvaluateRequest,
    judged: readonly Judged[],
    settled: Settled,
    candidates: readonly Judged[],
  ): EvaluateReply {
    const chosen =
      settled.kind === "none"
        ? undefined
        : { action: settled.record.a, channels: channelsOf(settled.record.ch) };
    const chosenAt = chosen ? judged.findIndex((j) => j.option.action === chosen.action) : judged.length;
    const verdicts = judged.flatMap((one, i) =>
      one.verdicts.map((verdict): Verdict => {
        if (verdict.verdict !== "permitted") return verdict;
        if (i > chosenAt) return { ...verdict, reason: "outranked" };
        if (i === chosenAt && chosen?.channels.includes(verdict.channel)) return verdict;
        return deniedByCap(
          verdict,
          settled.denials,
          candidates.indexOf(one),
          one.open.indexOf(verdict.channel),
        );
      }),
    );
    const packs = [...this.#versions];
    return !chosen ? { verdicts, packs } : { reservationId: request.decisionId, chosen, verdicts, packs };
  }
}

/** An index that keeps contacts for less than a cap's period would forget some of those to count. */
function refuseUncountable(cap: Cap): void {
  if (cap.periodMs <= CONTACTS_KEPT_MS) return;
  const days = CONTACTS_KEPT_MS / 86_400_000;
  throw new UncountableCap(
    `${cap.rule}: a period of ${cap.periodMs} ms is longer than the ${days} days that contacts are kept for counting`,
  );
}

function deniedByCap(
  verdict: Verdict,
  denials: readonly CapDenial[],
  candidate: number,
  channel: number,
): Verdict {
  const cap = denials.find((d) => d.candidate === candidate && d.channel === channel)?.cap;
  return {
    ...verdict,
    verdict: "denied",
    reason: cap?.reason ?? "cap_reached",
    ...(cap ? { rule: cap.rule } : {}),
  };
}
