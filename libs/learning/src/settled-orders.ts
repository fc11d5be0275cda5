/**
 * Orders whose outcome is settled, in the order of AUDIT. An order is settled once its horizon has passed: when AUDIT holds a later
 * order of that time. So what is learned, and in which order, follows from AUDIT alone: no timer, no clock, no list of open orders,
 * and the same again whenever it is read.
 *
 * Two readers go over the orders: one stands at the next to settle, the other looks ahead for the time. What became of an order is
 * read from its customer's own subjects.
 */
import type { DirectStreamAPI, StoredMsg } from "@nats-io/jetstream";
import {
  auditRecordsV1,
  CHAIN_KINDS,
  decisionOfCommand,
  decisionRecordsV1,
  durationMs,
  LEARNING_STREAM,
  parseAudit,
  subjects,
  type DecisionRecord,
  type ModelDefinition,
  type ModelPosition,
} from "#contracts";
import { featuresOf, lessonOf, type Expressions, type LearnedOrder, type Told } from "#domain";
import { lastStoredUpTo, storedMessages } from "#messaging";

export interface SettledBatch {
  /** In the order of AUDIT; all of one message are in one batch. */
  readonly orders: readonly LearnedOrder[];
  /** Where reading goes on after them. */
  readonly position: ModelPosition;
}

/** An order as the audit has it. */
interface Order {
  readonly customerId: string;
  readonly commandId: string;
  readonly action: string;
  readonly at: number;
  readonly seq: number;
  /** AUDIT as it was when the order was settled. */
  readonly upTo: number;
}

/** The orders of one message, and the time at which they are settled. */
interface Open {
  readonly seq: number;
  readonly orders: readonly Omit<Order, "upTo">[];
  readonly until: number;
}

type Settled =
  { readonly kind: "learn"; readonly order: LearnedOrder } | { readonly kind: "other" | "unseen" };

/** Messages that are looked up side by side. */
const BATCH = 32;

/** Where a model stands that has settled nothing yet. */
export function positionAtStart(model: string): ModelPosition {
  return { v: 1, model, settled: 0, ahead: 0, aheadAt: 0, learned: 0, unseen: 0, unreadable: 0 };
}

export class SettledOrders {
  readonly #horizonMs: number;
  #position: ModelPosition;
  /** The next order to settle, where its time has not come. */
  #open: Open | undefined;
  readonly #next: Reader;
  readonly #ahead: Reader;

  constructor(
    private readonly direct: DirectStreamAPI,
    private readonly definition: ModelDefinition,
    private readonly expressions: Expressions,
    from: ModelPosition,
  ) {
    this.#horizonMs = durationMs(definition.horizon);
    this.#position = from;
    this.#next = new Reader(direct, from.settled);
    this.#ahead = new Reader(direct, Math.max(from.ahead, from.settled));
  }

  /** What is settled next; `undefined` when nothing more is, for now. Throws StreamUnreadable. */
  async next(): Promise<SettledBatch | undefined> {
    const waiting: Order[][] = [];
    while (waiting.length < BATCH) {
      const open = (this.#open ??= await this.#readOpen());
      if (!open || !(await this.#lookedAhead(open.seq, open.until))) break;
      this.#open = undefined;
      this.#position = { ...this.#position, settled: open.seq };
      waiting.push(open.orders.map((o) => ({ ...o, upTo: this.#position.ahead })));
    }
    if (waiting.length === 0) return undefined;
    const settled = await Promise.all(
      waiting
        .flat()
        .map((order) => settledOf(this.direct, this.definition, this.expressions, order, this.#horizonMs)),
    );
    const orders = settled.flatMap((s) => (s.kind === "learn" ? [s.order] : []));
    this.#position = {
      ...this.#position,
      learned: this.#position.learned + orders.length,
      unseen: this.#position.unseen + settled.filter((s) => s.kind === "unseen").length,
    };
    return { orders, position: this.#position };
  }

  async #readOpen(): Promise<Open | undefined> {
    const message = await this.#next.read();
    if (!message) return undefined;
    const orders = ordersIn(message);
    if (orders === undefined)
      this.#position = { ...this.#position, unreadable: this.#position.unreadable + 1 };
    const until = Math.max(-Infinity, ...(orders ?? []).map((o) => o.at + this.#horizonMs));
    return { seq: message.seq, orders: orders ?? [], until };
  }

  /** Looks ahead until a later order of this time; false when there is none yet. */
  async #lookedAhead(seq: number, until: number): Promise<boolean> {
    while (this.#position.ahead <= seq || this.#position.aheadAt < until) {
      const message = await this.#ahead.read();
      if (!message) return false;
      const aheadAt = timeOf(message) ?? this.#position.aheadAt;
      this.#position = { ...this.#position, ahead: message.seq, aheadAt };
    }
    return true;
  }
}

/** Goes over the orders of AUDIT, and goes on where it was when more have come. */
class Reader {
  #messages: AsyncGenerator<StoredMsg, void, undefined> | undefined;

  constructor(
    private readonly direct: DirectStreamAPI,
    private after: number,
  ) {}

  async read(): Promise<StoredMsg | undefined> {
    this.#messages ??= storedMessages(this.direct, LEARNING_STREAM, subjects.auditOfKind("contact"), {
      seq: this.after + 1,
    });
    try {
      const { value, done } = await this.#messages.next();
      if (done) this.#messages = undefined;
      else this.after = value.seq;
      return value ?? undefined;
    } catch (error) {
      // A generator that has thrown is over.
      this.#messages = undefined;
      throw error;
    }
  }
}

function ordersIn(message: StoredMsg): Omit<Order, "upTo">[] | undefined {
  const customerId = parseAudit(message.subject)?.customerId;
  const read = auditRecordsV1.safeParse(jsonOf(message));
  if (!read.success || customerId === undefined) return undefined;
  return read.data.records.flatMap(({ entries }) =>
    entries.flatMap((e) =>
      e.kind === "command"
        ? [{ customerId, commandId: e.commandId, action: e.action, at: e.at, seq: message.seq }]
        : [],
    ),
  );
}

/** Segue's time of a message of the audit. */
function timeOf(message: StoredMsg): number | undefined {
  const body = jsonOf(message) as { readonly records?: readonly { readonly at?: unknown }[] } | undefined;
  const at = body?.records?.at(-1)?.at;
  return typeof at === "number" ? at : undefined;
}

function jsonOf(message: StoredMsg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

async function settledOf(
  direct: DirectStreamAPI,
  definition: ModelDefinition,
  expressions: Expressions,
  order: Order,
  horizonMs: number,
): Promise<Settled> {
  const decision = await decisionOf(direct, order);
  const model = decision?.record.propensities?.[order.action]?.model.split("@")[0];
  if (!decision || model !== definition.id) return { kind: "other" };
  const told = await toldOf(direct, order, decision.seq, order.at + horizonMs);
  if (told === "ordered-before") return { kind: "other" };
  const lesson = lessonOf(told, definition.success);
  if (!lesson) return { kind: "unseen" };
  const { seq, action, at } = order;
  const features = featuresOf(definition, decision.record.request, expressions);
  return { kind: "learn", order: { seq, action, at, features, ...lesson } };
}

interface StoredDecision {
  readonly record: DecisionRecord;
  readonly seq: number;
}

/** The record of the decision behind an order: put on record before it. */
async function decisionOf(direct: DirectStreamAPI, order: Order): Promise<StoredDecision | undefined> {
  const subject = subjects.audit(order.customerId, "decision");
  const id = decisionOfCommand(order.commandId);
  const last = await lastStoredUpTo(direct, LEARNING_STREAM, subject, order.seq);
  const found = last && recordIn(last, id);
  if (found || !last) return found;
  // Another decision of this customer came between.
  let earlier: StoredDecision | undefined;
  for await (const message of storedMessages(direct, LEARNING_STREAM, subject)) {
    if (message.seq > order.seq) break;
    earlier = recordIn(message, id) ?? earlier;
  }
  return earlier;
}

function recordIn(message: StoredMsg, decisionId: string): StoredDecision | undefined {
  const read = decisionRecordsV1.safeParse(jsonOf(message));
  const record = read.data?.records.find((r) => r.request.decisionId === decisionId);
  return record && { record, seq: message.seq };
}

/**
 * What the customer's audit tells of an order up to a time. `ordered-before`: this is no new order, but an earlier one relayed again
 * after a crash; the first counts.
 */
async function toldOf(
  direct: DirectStreamAPI,
  { customerId, commandId, seq, upTo }: Order,
  decidedAt: number,
  until: number,
): Promise<readonly Told[] | "ordered-before"> {
  const found: { readonly seq: number; readonly told: Told }[] = [];
  for (const kind of CHAIN_KINDS) {
    const subject = subjects.audit(customerId, kind);
    for await (const message of storedMessages(direct, LEARNING_STREAM, subject, { seq: decidedAt })) {
      if (message.seq > upTo) break;
      const read = auditRecordsV1.safeParse(jsonOf(message));
      for (const { at, entries } of read.data?.records ?? [])
        for (const entry of entries) {
          if (entry.kind === "command" && entry.commandId === commandId && message.seq < seq)
            return "ordered-before";
          if (entry.kind === "outcome" && entry.commandId === commandId && at <= until)
            found.push({ seq: message.seq, told: entry });
        }
    }
  }
  return found.sort((a, b) => a.seq - b.seq).map((f) => f.told);
}
