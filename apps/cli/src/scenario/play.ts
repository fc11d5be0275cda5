/**
 * Plays a scenario on a running system. The events carry the time: each is published when the one before has been handled to
 * its end, and before each the waits that fall due by then fire, one after the other, each at its own time. So a month is
 * played in a second, and every run is the same. Needs a clock that shows less than the scenario's times (a standing one, or
 * a replay of earlier years), so that no timer of the server fires on top.
 *
 * Customers are played side by side; each run gives them new ids, so that it finds nothing of an earlier one.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import {
  decisionOfCommand,
  momentAnswerV1,
  outcomeEventId,
  SEGUE_SOURCE,
  sourceToken,
  subjects,
  type AuditRecord,
  type CloudEvent,
  type Context,
  type Outcome,
} from "#contracts";
import { Publisher, sleep } from "#messaging";
import { auditOf, Contexts } from "./customer-streams.js";
import {
  consentsOf,
  type ExpectedCommand,
  type Scenario,
  type ScenarioCustomer,
  type TimelineEntry,
} from "./scenario-file.js";

/** Type of the event that lets waits fall due. */
export const PASSING = "time.passed";
const SOURCE = "scenario";
/** What their ids begin with: the sandbox delivers to them at once, and leaves their answers to the scenario. */
const CUSTOMERS = "scenario-";
const SETTLE_AT_MOST_MS = 20_000;
const LOOK_EVERY_MS = 10;
/** Waits that may fall due between two entries. */
const MAX_WAITS = 200;

/** What came of one customer. */
export interface Played {
  readonly name: string;
  readonly customerId: string;
  readonly customer: ScenarioCustomer;
  readonly commands: readonly (Omit<ExpectedCommand, "outcome"> & { readonly outcome: string })[];
  readonly ends: readonly string[];
  readonly refused: readonly string[];
  readonly silent: readonly string[];
  /** What the callers of moments were told, where it is not what they should be told. */
  readonly wrongAnswers: readonly string[];
  readonly records: readonly AuditRecord[];
}

export interface PlayOptions {
  readonly nc: NatsConnection;
  readonly gatewayUrl: string;
  /** Tells this run's customers from those of another. */
  readonly run: string;
  /** Only these customers. */
  readonly only?: readonly string[];
  /** Told before each entry of a timeline. */
  readonly before?: (name: string, entry: TimelineEntry) => Promise<void> | void;
}

/** The customer's id in this run; what must fail for them stands in it, for the sandbox to read. */
export function customerIdIn(scenario: Scenario, name: string, run: string): string {
  const faults = Object.entries(scenario.customers[name]!.faults).map(
    ([channel, fault]) => `__${channel}-${fault}`,
  );
  return `${CUSTOMERS}${scenario.id}-${name}-${run}${faults.join("")}`;
}

/** Plays the scenario; resolves with what came of each customer. */
export async function play(scenario: Scenario, options: PlayOptions): Promise<readonly Played[]> {
  const contexts = new Contexts(options.nc, CUSTOMERS);
  await contexts.follow();
  try {
    const names = Object.keys(scenario.customers).filter((n) => options.only?.includes(n) ?? true);
    return await Promise.all(names.map((name) => new Player(scenario, name, options, contexts).play()));
  } finally {
    await contexts.stop();
  }
}

class Player {
  readonly #publisher: Publisher;
  readonly #customerId: string;
  readonly #customer: ScenarioCustomer;
  readonly #wrongAnswers: string[] = [];
  #n = 0;
  /** Up to then waits have had their chance; what is still open stands still (a hold, a paused journey). */
  #passed = 0;

  constructor(
    readonly scenario: Scenario,
    readonly name: string,
    readonly options: PlayOptions,
    readonly contexts: Contexts,
  ) {
    this.#publisher = new Publisher(options.nc);
    this.#customerId = customerIdIn(scenario, name, options.run);
    this.#customer = scenario.customers[name]!;
  }

  async play(): Promise<Played> {
    const { start } = this.scenario;
    const { timezone, consents, attributes, timeline } = this.#customer;
    const known = { timezone, language: "en", consents: consentsOf(consents), attributes };
    await this.#publish("customer.registered", start - 3_600_000, known);
    for (const entry of timeline) {
      await this.options.before?.(this.name, entry);
      await this.#passTime(start + entry.at);
      await this.#do(entry, start + entry.at);
    }
    return this.#result();
  }

  async #do(entry: TimelineEntry, at: number): Promise<void> {
    if ("passes" in entry) return;
    if ("does" in entry) {
      await this.#respond(entry.does, at);
      return;
    }
    if ("asks" in entry) {
      await this.#ask(entry, at);
      return;
    }
    const event = this.#event(entry.event, at, this.#filled(entry.data));
    for (let i = 0; i < entry.times; i++) await this.#send(bankSubject(event), event, i);
  }

  /** Lets the waits fire that fall due before `until`, in their order. */
  async #passTime(until: number): Promise<void> {
    for (let i = 0; i < MAX_WAITS; i++) {
      const dueAt = nextDue(this.contexts.of(this.#customerId), this.#passed);
      if (dueAt === undefined || dueAt >= until) return;
      this.#passed = dueAt;
      await this.#publish(PASSING, dueAt, {});
    }
    throw new Error(
      `${this.#customerId}: more than ${MAX_WAITS} waits fell due before ${new Date(until).toISOString()}`,
    );
  }

  async #publish(type: string, at: number, data: Readonly<Record<string, unknown>>): Promise<void> {
    const event = this.#event(type, at, data);
    await this.#send(bankSubject(event), event);
  }

  /** What a channel would tell that the customer did with the last message. */
  async #respond(kind: Outcome["kind"], at: number): Promise<void> {
    const contact = this.contexts.of(this.#customerId)?.contacts.at(-1);
    if (!contact) throw new Error(`${this.#customerId} answers ${kind}, but was told nothing`);
    const { commandId, action, channel } = contact;
    const decisionId = decisionOfCommand(commandId);
    const data: Outcome = {
      commandId,
      decisionId,
      reservationId: decisionId,
      action,
      kind,
      channel,
      tried: [],
      reason: "customer",
    };
    const type = `outcome.${kind}`;
    const event = {
      ...this.#event(type, at, { ...data }),
      id: outcomeEventId(commandId, kind),
      source: SEGUE_SOURCE,
    };
    await this.#send(subjects.evt(this.#customerId, SEGUE_SOURCE, type), event);
  }

  async #ask(entry: Extract<TimelineEntry, { asks: string }>, at: number): Promise<void> {
    const event = this.#event(entry.asks, at, this.#filled(entry.data));
    for (let i = 0; i < entry.times; i++) await this.#askOnce(event, entry.answer);
    await this.#settled((c) => c.recent.some((e) => e.id === event.id));
  }

  async #askOnce(event: CloudEvent, expected: string | null): Promise<void> {
    const response = await fetch(`${this.options.gatewayUrl}/v1/moments?deadlineMs=2000`, {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json" },
      body: JSON.stringify(event),
    });
    if (!response.ok) throw new Error(`${this.#customerId} asks ${event.type}: ${await response.text()}`);
    const answer = momentAnswerV1.parse(await response.json());
    const told = answer.decision?.action ?? null;
    if (told !== expected)
      this.#wrongAnswers.push(
        `${event.type} was answered ${told ?? `nothing (${answer.reason})`}, not ${expected ?? "nothing"}`,
      );
  }

  #event(type: string, at: number, data: Readonly<Record<string, unknown>>): CloudEvent {
    return {
      specversion: "1.0",
      id: `${this.#customerId}-${++this.#n}`,
      source: SOURCE,
      type,
      subject: this.#customerId,
      time: new Date(at).toISOString(),
      data: { ...data },
    };
  }

  #filled(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const last = this.contexts.of(this.#customerId)?.contacts.at(-1)?.commandId;
    return Object.fromEntries(Object.entries(data).map(([k, v]) => [k, v === "$command" ? last : v]));
  }

  async #send(subject: string, event: CloudEvent, copy = 0): Promise<void> {
    const result = await this.#publisher.publish(subject, JSON.stringify(event), {
      // A copy under a message id of its own: dropping it is the actor's part (I1), not the stream's.
      msgId: `${event.source}:${event.id}:${copy}`,
      giveUpAfterMs: SETTLE_AT_MOST_MS,
    });
    if (result.kind === "written") await this.#settled((c) => c.watermark >= result.seq);
  }

  /** Until the event is handled and every command so far has ended. */
  async #settled(handled: (context: Context) => boolean): Promise<void> {
    const until = Date.now() + SETTLE_AT_MOST_MS;
    for (;;) {
      const context = this.contexts.of(this.#customerId);
      if (context && context.deadLettered > 0)
        throw new Error(`${this.#customerId}: an event of the scenario went to DLQ; the stream says why`);
      if (context && handled(context) && context.contacts.every((c) => c.outcome !== undefined)) return;
      if (Date.now() > until) {
        const open = context?.contacts
          .filter((c) => c.outcome === undefined)
          .map((c) => `${c.action} over ${c.channel}`);
        throw new Error(
          `${this.#customerId}: nothing moves any more; ${open?.length ? `no outcome of ${open.join(", ")}` : "the last event was not handled"}`,
        );
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  async #result(): Promise<Played> {
    const context = this.contexts.of(this.#customerId);
    const records = await auditOf(this.options.nc, this.#customerId, context?.audit.n ?? 0);
    const entries = records.flatMap((r) => r.entries);
    const ordered = entries.flatMap((e) => (e.kind === "command" ? [e] : []));
    const outcomeOf = new Map<string, { channel: string; outcome: string }>();
    for (const e of entries)
      if (e.kind === "outcome" && !outcomeOf.has(e.commandId)) outcomeOf.set(e.commandId, e);
    return {
      name: this.name,
      customerId: this.#customerId,
      customer: this.#customer,
      commands: ordered.map((e) => ({
        at: e.at - this.scenario.start,
        action: e.action,
        channel: (outcomeOf.get(e.commandId)?.channel ?? e.channel) as ExpectedCommand["channel"],
        outcome: outcomeOf.get(e.commandId)?.outcome ?? "none",
      })),
      ends: entries.flatMap((e) => (e.kind === "journey-exited" ? [`${e.journey} ${e.reason}`] : [])),
      refused: entries.flatMap((e) => (e.kind === "journey-refused" ? [`${e.journey} ${e.reason}`] : [])),
      silent: entries.flatMap((e) =>
        e.kind === "decision" && (e.answer === "none" || e.answer === "unavailable")
          ? [`${e.step} ${e.reason}`]
          : [],
      ),
      wrongAnswers: this.#wrongAnswers,
      records,
    };
  }
}

function bankSubject({ source, subject, type }: CloudEvent): string {
  return subjects.bank(sourceToken(source), subject, type);
}

function nextDue(context: Context | undefined, after: number): number | undefined {
  const due = (context?.journeys ?? []).flatMap((j) =>
    j.wait && j.wait.dueAt > after ? [j.wait.dueAt] : [],
  );
  return due.length > 0 ? Math.min(...due) : undefined;
}
