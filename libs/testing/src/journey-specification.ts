/**
 * Given–when–then for journeys, without I/O: events and answers in, what came of them out. Time is data.
 *
 *   const c = customer(journeys); c.at("2026-01-05T10:00:00Z").event("account.overdrawn", {…}); c.decides(act("push"));
 */
import {
  outcomeEventId,
  SEGUE_SOURCE,
  timerType,
  type AuditEntry,
  type Command,
  type Context,
  type CustomerEvent,
  type DecisionReply,
  type DecisionRequest,
  type Outcome,
  type OutcomeKind,
} from "#contracts";
import { answer, emptyContext, step, type Intent, type Journeys, type NoAnswer } from "#domain";

export type Answering = (request: DecisionRequest) => DecisionReply | NoAnswer;

/** Permits the first candidate on the first channel that the step does not exclude. */
export const permitAll: Answering = (request) => {
  const channels = (request.channels ?? ["push", "sms", "email"]).filter(
    (c) => !request.exclude?.includes(c),
  );
  const channel = channels[0];
  if (!channel) return { kind: "none", decisionId: request.decisionId, reason: "no_channel" };
  return {
    kind: "act",
    decisionId: request.decisionId,
    action: request.candidates[0]!,
    purpose: "service",
    urgent: false,
    reservationId: request.decisionId,
    plan: channels.map((c) => ({ channel: c, title: "t", body: "b", receiptTimeoutMs: 1_000 })),
    validForMs: 3_600_000,
    parameters: {},
    reason: "permitted",
  };
};

export class CustomerScript {
  context: Context;
  now = Date.parse("2026-01-05T10:00:00Z");
  answering: Answering = permitAll;
  readonly requests: DecisionRequest[] = [];
  readonly intents: Intent[] = [];
  readonly entries: AuditEntry[] = [];
  #seq = 0;

  constructor(
    readonly journeys: Journeys,
    customerId = "c1",
  ) {
    this.context = emptyContext(customerId);
  }

  at(iso: string): this {
    this.now = Date.parse(iso);
    return this;
  }

  later(ms: number): this {
    this.now += ms;
    return this;
  }

  event(type: string, data: Record<string, unknown> = {}, source = "core"): this {
    const id = `e${this.#seq + 1}`;
    return this.apply({ id, source, type, customerId: this.context.customerId, time: this.now, data });
  }

  /** An outcome of the last command. */
  outcome(kind: OutcomeKind, more: Partial<Outcome> = {}): this {
    const command = this.commands.at(-1);
    if (!command) throw new Error("no command yet");
    const data: Outcome = {
      commandId: command.commandId,
      decisionId: command.decisionId,
      reservationId: command.reservationId,
      action: command.action,
      kind,
      channel: command.plan[0]!.channel,
      tried: [],
      reason: "receipt",
      ...more,
    };
    const id = outcomeEventId(command.commandId, kind);
    return this.apply({
      id,
      source: SEGUE_SOURCE,
      type: `outcome.${kind}`,
      customerId: this.context.customerId,
      time: this.now,
      data,
    });
  }

  /** The due timer of the open wait that was set last. */
  timer(): this {
    const set = this.intents.filter((i) => i.kind === "set-timer").at(-1);
    if (set?.kind !== "set-timer") throw new Error("no timer was set");
    this.now = Math.max(this.now, set.dueAt);
    const type = timerType(set.instance, set.wait);
    return this.apply({
      id: `${set.instance}.${set.wait}`,
      source: SEGUE_SOURCE,
      type,
      customerId: this.context.customerId,
      time: set.dueAt,
      data: {},
    });
  }

  apply(event: Omit<CustomerEvent, "seq">): this {
    const turn = step(this.context, { ...event, seq: ++this.#seq }, this.now, this.journeys);
    while (turn.ask) {
      this.requests.push(turn.ask);
      answer(turn, this.answering(turn.ask), this.journeys);
    }
    this.context = turn.context;
    this.intents.push(...turn.intents);
    this.entries.push(...turn.entries);
    return this;
  }

  get commands(): Command[] {
    return this.intents.flatMap((i) => (i.kind === "command" ? [i.command] : []));
  }

  /** Actions ordered so far, each with its first channel. */
  get said(): string[] {
    return this.commands.map((c) => `${c.action}/${c.plan[0]!.channel}`);
  }

  /** Reasons with which instances ended. */
  get exits(): string[] {
    return this.entries.flatMap((e) => (e.kind === "journey-exited" ? [e.reason] : []));
  }

  get refusals(): string[] {
    return this.entries.flatMap((e) => (e.kind === "journey-refused" ? [e.reason] : []));
  }
}
