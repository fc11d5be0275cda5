/**
 * One customer's events through the engine, with nothing but functions of the services: `step` and `answer` of the journeys,
 * the decision funnel, the policy's judgement and caps. Time is the events' own; timers fire at their due times; outcomes are
 * recorded ones or the response model's. Nothing leaves. The same input gives the same run.
 */
import {
  isContact,
  outcomeEventId,
  SEGUE_SOURCE,
  timerType,
  type AuditEntry,
  type Channel,
  type Command,
  type Context,
  type CustomerEvent,
  type DecisionRecord,
  type DecisionRequest,
  type Outcome,
  type OutcomeKind,
  type Profile,
  type Purpose,
} from "#contracts";
import {
  answer,
  conclude,
  priorsOf,
  emptyContext,
  evaluateRequest,
  eventFingerprint,
  hasSeen,
  rank,
  recordDeadLetter,
  recordDuplicate,
  step,
  type Catalogue,
  type Expressions,
  type Intent,
  type Journeys,
} from "#domain";
import { CustomerPolicy, type PolicyRules } from "./customer-policy.js";
import { isRecordedOutcome, RecordedOutcomes } from "./recorded-outcomes.js";
import type { ResponseModel, SimulatedOutcome } from "./response-model.js";

/** What one side of a comparison runs with. */
export interface World {
  readonly journeys: Journeys;
  readonly expressions: Expressions;
  readonly catalogue: Catalogue;
  readonly rules: PolicyRules;
  readonly responses: ResponseModel;
}

export interface CustomerEvents {
  readonly customerId: string;
  /** In the order of the stream. */
  readonly events: readonly CustomerEvent[];
  /** What was known of the customer before the first event. */
  readonly profile?: Profile;
}

export interface SimulatedDecision {
  /** What it is in any version: journey, what entered it, step, how often this step was asked in this instance. */
  readonly key: string;
  readonly journey: string;
  readonly version: number;
  readonly step: string;
  readonly at: number;
  /** Of what entered the journey. */
  readonly trigger: { readonly id: string; readonly type: string };
  readonly answer: "act" | "defer" | "none";
  readonly action?: string;
  readonly channel?: Channel;
  readonly reason: string;
  /** The rule of policy that stopped it, or a part of it. */
  readonly rule?: string;
  /** Caps that closed a channel to it. */
  readonly caps: readonly string[];
}

export interface SimulatedContact {
  readonly at: number;
  readonly journey: string;
  readonly step: string;
  readonly action: string;
  readonly purpose: Purpose;
  /** The channel of the first leg; once it arrived, the one that carried it. */
  channel: Channel;
  /** False for what is no contact: a case for an agent, something done. */
  readonly counts: boolean;
  /** Terminal outcome, once known. */
  outcome?: OutcomeKind;
  readonly responses: OutcomeKind[];
  /** Whether what became of it was recorded rather than drawn. */
  recorded: boolean;
}

export interface CustomerRun {
  readonly customerId: string;
  readonly decisions: readonly SimulatedDecision[];
  readonly contacts: readonly SimulatedContact[];
  readonly entries: readonly (AuditEntry & { readonly at: number })[];
  /** Events applied, with timers and outcomes. */
  readonly turns: number;
  /** Events that the engine could not handle (they would go to DLQ), with the first cause. */
  readonly failed: number;
  readonly failure?: string;
  /** The run was ended because it did not come to rest. */
  readonly cut: boolean;
  readonly recordedOutcomes: number;
  readonly claimedOutcomes: number;
}

/** More turns than this for one customer are a runaway, beyond the events themselves. */
const MAX_EXTRA_TURNS = 5_000;

interface Pending {
  readonly outcome: Outcome;
  readonly at: number;
  readonly order: number;
}

interface Timer {
  readonly instance: string;
  readonly wait: string;
  readonly dueAt: number;
}

/** Runs one customer's events and everything that follows from them up to `until` (epoch ms). */
export function simulateCustomer(input: CustomerEvents, world: World, until: number): CustomerRun {
  return new Simulation(input, world).run(until);
}

class Simulation {
  #context: Context;
  readonly #events: readonly CustomerEvent[];
  readonly #recorded: RecordedOutcomes | undefined;
  readonly #policy: CustomerPolicy;
  readonly #pending: Pending[] = [];
  readonly #timers = new Map<string, Timer>();
  readonly #decisions: SimulatedDecision[] = [];
  readonly #contacts = new Map<string, SimulatedContact>();
  readonly #entries: (AuditEntry & { at: number })[] = [];
  readonly #asked = new Map<string, number>();
  #seq = 0;
  #order = 0;
  #failed = 0;
  #failure: string | undefined;

  constructor(
    input: CustomerEvents,
    private readonly world: World,
  ) {
    const context = emptyContext(input.customerId);
    this.#context = input.profile ? { ...context, profile: { ...input.profile, seq: 0 } } : context;
    const own = input.events.some((e) => e.source === SEGUE_SOURCE);
    // What Segue itself recorded is not told again: its timers fire here, and its outcomes belong to commands.
    this.#events = own ? input.events.filter((e) => e.source !== SEGUE_SOURCE) : input.events;
    this.#recorded = own ? new RecordedOutcomes(input.events.filter(isRecordedOutcome)) : undefined;
    this.#policy = new CustomerPolicy(world.rules);
  }

  run(until: number): CustomerRun {
    const bound = this.#events.length + MAX_EXTRA_TURNS;
    let i = 0;
    let turns = 0;
    let cut = false;
    for (;;) {
      const event = this.#events[i];
      const at = event ? Math.max(event.time, this.#context.now) : Infinity;
      const outcome = this.#pending[0];
      const timer = this.#nextTimer();
      // At one time: what is due, then what came back, then what is new (as the engine orders them).
      const next = Math.min(at, outcome?.at ?? Infinity, timer?.dueAt ?? Infinity);
      if (next === Infinity || next > until) break;
      if (turns++ >= bound) {
        cut = true;
        break;
      }
      if (timer && timer.dueAt === next) this.#fire(timer);
      else if (outcome && outcome.at === next) this.#comeBack(outcome);
      else {
        this.#apply(event!, at);
        i++;
      }
    }
    return {
      customerId: this.#context.customerId,
      decisions: this.#decisions,
      contacts: [...this.#contacts.values()],
      entries: this.#entries,
      turns,
      failed: this.#failed,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      cut,
      recordedOutcomes: this.#recorded?.size ?? 0,
      claimedOutcomes: this.#recorded?.claimed ?? 0,
    };
  }

  #nextTimer(): Timer | undefined {
    let found: Timer | undefined;
    for (const t of this.#timers.values()) if (!found || t.dueAt < found.dueAt) found = t;
    return found;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(`${timer.instance} ${timer.wait}`);
    const type = timerType(timer.instance, timer.wait);
    const { customerId } = this.#context;
    this.#apply(
      {
        id: `${type}:${timer.dueAt}`,
        source: SEGUE_SOURCE,
        type,
        customerId,
        time: timer.dueAt,
        data: {},
        seq: 0,
      },
      timer.dueAt,
    );
  }

  #comeBack({ outcome, at }: Pending): void {
    this.#pending.shift();
    const contact = this.#contacts.get(outcome.commandId);
    if (contact) {
      if (
        outcome.kind === "opened" ||
        outcome.kind === "clicked" ||
        outcome.kind === "converted" ||
        outcome.kind === "declined"
      )
        contact.responses.push(outcome.kind);
      else if (contact.outcome === undefined) {
        contact.outcome = outcome.kind;
        contact.channel = outcome.channel;
      }
    }
    this.#policy.settle(outcome);
    this.#apply(
      {
        id: outcomeEventId(outcome.commandId, outcome.kind),
        source: SEGUE_SOURCE,
        type: `outcome.${outcome.kind}`,
        customerId: this.#context.customerId,
        time: at,
        data: outcome,
        seq: 0,
      },
      at,
    );
  }

  #apply(told: CustomerEvent, now: number): void {
    const event = { ...told, seq: ++this.#seq };
    if (hasSeen(this.#context.seen, eventFingerprint(event))) {
      this.#context = recordDuplicate(this.#context, event.seq);
      return;
    }
    try {
      const turn = step(this.#context, event, now, this.world.journeys);
      for (const entry of turn.entries) if (entry.kind === "contact-reported") this.#policy.report(entry);
      while (turn.ask) answer(turn, this.#decide(turn.ask).reply, this.world.journeys);
      this.#context = turn.context;
      for (const entry of turn.entries) this.#entries.push({ ...entry, at: turn.context.now });
      for (const intent of turn.intents) this.#carryOut(intent);
    } catch (error) {
      // As the actor does with a poison event: it goes to DLQ, and the next one is applied (I11).
      this.#failed++;
      this.#failure ??= `${event.type}: ${(error as Error).message}`;
      this.#context = recordDeadLetter(this.#context, event.seq);
    }
  }

  #decide(request: DecisionRequest): DecisionRecord {
    const { catalogue, expressions } = this.world;
    const occasion = `${request.journey.id}|${triggerKey(request)}|${request.journey.step}`;
    const nth = this.#asked.get(occasion) ?? 0;
    this.#asked.set(occasion, nth + 1);
    const key = `${occasion}|${nth}`;
    // Equal scores are decided by a draw of the decision's id, which counts events and so differs between versions: here it
    // is one of what is asked, so that two versions differ by what they are and not by the draw.
    const ranking = rank(
      { ...request, decisionId: `${request.customerId}|${key}` },
      catalogue,
      expressions,
      // What was learned belongs to a time; a simulation is the same at any time.
      priorsOf(request, catalogue, expressions),
    );
    const question = evaluateRequest(request, ranking);
    const record = conclude(request, ranking, catalogue, question && this.#policy.evaluate(question));
    this.#decisions.push(decisionOf(record, key));
    return record;
  }

  #carryOut(intent: Intent): void {
    switch (intent.kind) {
      case "command":
        return this.#send(intent.command);
      case "set-timer": {
        const { instance, wait, dueAt } = intent;
        this.#timers.set(`${instance} ${wait}`, { instance, wait, dueAt });
        return;
      }
      case "cancel-timer":
        this.#timers.delete(`${intent.instance} ${intent.wait}`);
    }
  }

  #send(command: Command): void {
    const { commandId, decisionId, reservationId, action, purpose, plan, at } = command;
    const recorded = this.#recorded?.claim(command);
    this.#contacts.set(commandId, {
      at,
      journey: command.journey.id,
      step: command.journey.step,
      action,
      purpose,
      channel: plan[0]!.channel,
      counts: plan.some((leg) => isContact(leg.channel)),
      responses: [],
      recorded: recorded !== undefined,
    });
    for (const o of recorded ?? this.world.responses.outcomesOf(command))
      this.#queue({ commandId, decisionId, reservationId, action, ...asOutcome(o) }, o.at);
  }

  /** Kept in order of time; at one time in order of arrival. */
  #queue(outcome: Outcome, at: number): void {
    const pending = { outcome, at, order: this.#order++ };
    let i = this.#pending.length;
    while (i > 0 && this.#pending[i - 1]!.at > at) i--;
    this.#pending.splice(i, 0, pending);
  }
}

function asOutcome({
  kind,
  channel,
  tried,
  reason,
}: SimulatedOutcome): Pick<Outcome, "kind" | "channel" | "tried" | "reason"> {
  return { kind, channel, tried: [...tried], reason };
}

/** Names what entered the journey alike in both versions: ids of Segue's own events count events, so their time stands for them. */
function triggerKey({ moment }: DecisionRequest): string {
  return moment.source === SEGUE_SOURCE ? `${moment.type}@${moment.time}` : `${moment.source}/${moment.id}`;
}

function decisionOf({ request, reply, verdicts }: DecisionRecord, key: string): SimulatedDecision {
  const caps = verdicts.filter((v) => v.reason === "cap_reached" || v.reason === "journey_cap_reached");
  const rule = verdicts.find((v) => v.verdict !== "permitted" && v.reason === reply.reason)?.rule;
  return {
    key,
    journey: request.journey.id,
    version: request.journey.version,
    step: request.journey.step,
    at: request.at,
    trigger: { id: request.moment.id, type: request.moment.type },
    answer: reply.kind,
    ...(reply.kind === "act" ? { action: reply.action, channel: reply.plan[0]!.channel } : {}),
    reason: reply.reason,
    ...(rule === undefined ? {} : { rule }),
    caps: [...new Set(caps.map((v) => v.rule ?? v.reason))],
  };
}
