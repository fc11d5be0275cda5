/** Recorded events as the simulator takes them: CloudEvents, one per line, checked like at the gateway and grouped by customer. */
import { cloudEventV1, SEGUE_SOURCE, sourceToken, type CustomerEvent, type Profile } from "#contracts";
import { emptyProfile, applyProfileEvent } from "#domain";
import type { CustomerEvents } from "./simulate-customer.js";

export interface RecordedEvents {
  readonly customers: readonly CustomerEvents[];
  /** Events of the bank's systems, without Segue's own. */
  readonly events: number;
  /** Outcomes and timers of Segue among them. */
  readonly own: number;
  /** Lines that could not be read, with the first few causes. */
  readonly unreadable: number;
  readonly problems: readonly string[];
  /** Epoch ms of the first and last event; 0 without any. */
  readonly from: number;
  readonly to: number;
}

/** More events than were allowed. */
export class TooManyEvents extends Error {
  override readonly name = "TooManyEvents";
  constructor(limit: number) {
    super(`more than ${limit.toLocaleString("en-US")} events: take a shorter time, or raise --max-events`);
  }
}

export const MAX_EVENTS = 2_000_000;
const PROBLEMS_SHOWN = 5;

export class EventCollector {
  readonly #customers = new Map<string, { events: CustomerEvent[]; profile: Profile | undefined }>();
  readonly #problems: string[] = [];
  #events = 0;
  #own = 0;
  #unreadable = 0;
  #from = Infinity;
  #to = -Infinity;

  constructor(private readonly limit = MAX_EVENTS) {}

  /** One CloudEvent, as text or parsed; `where` names it in problems. Throws TooManyEvents. */
  addCloudEvent(given: unknown, where: string): void {
    let envelope = given;
    if (typeof given === "string") {
      try {
        envelope = JSON.parse(given);
      } catch (error) {
        return this.refuse(where, `not JSON: ${(error as Error).message}`);
      }
    }
    const parsed = cloudEventV1.safeParse(envelope);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return this.refuse(
        where,
        `not a CloudEvent: ${issue?.path.join(".") || "envelope"}: ${issue?.message}`,
      );
    }
    const { id, source, type, subject, time, data = {} } = parsed.data;
    if (time === undefined)
      return this.refuse(where, "has no time: a simulation happens at the times of its events");
    const token = sourceToken(source);
    this.add({
      id,
      source: token,
      ...(token === source ? {} : { sourceUri: source }),
      type,
      customerId: subject,
      time: Date.parse(time),
      data,
      seq: 0,
    });
  }

  /** One event that is known to be well-formed. Throws TooManyEvents. */
  add(event: CustomerEvent): void {
    if (this.#events + this.#own >= this.limit) throw new TooManyEvents(this.limit);
    if (event.source === SEGUE_SOURCE) this.#own++;
    else {
      this.#events++;
      if (event.time < this.#from) this.#from = event.time;
      if (event.time > this.#to) this.#to = event.time;
    }
    this.#of(event.customerId).events.push(event);
  }

  /** What was said of a customer before the first event that counts: consents, holds, time zone. In the order of the stream. */
  addEarlier(event: CustomerEvent): void {
    const customer = this.#of(event.customerId);
    customer.profile = applyProfileEvent(customer.profile ?? emptyProfile, event).profile;
  }

  refuse(where: string, cause: string): void {
    this.#unreadable++;
    if (this.#problems.length < PROBLEMS_SHOWN) this.#problems.push(`${where}: ${cause}`);
  }

  get recorded(): RecordedEvents {
    const customers = [...this.#customers]
      .filter(([, c]) => c.events.length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([customerId, { events, profile }]): CustomerEvents => ({
        customerId,
        events,
        ...(profile ? { profile } : {}),
      }));
    return {
      customers,
      events: this.#events,
      own: this.#own,
      unreadable: this.#unreadable,
      problems: this.#problems,
      from: this.#events > 0 ? this.#from : 0,
      to: this.#events > 0 ? this.#to : 0,
    };
  }

  #of(customerId: string): { events: CustomerEvent[]; profile: Profile | undefined } {
    let found = this.#customers.get(customerId);
    if (!found) this.#customers.set(customerId, (found = { events: [], profile: undefined }));
    return found;
  }
}

/** Reads CloudEvents from lines of JSON; empty lines are skipped. Throws TooManyEvents. */
export async function readNdjson(
  lines: AsyncIterable<string> | Iterable<string>,
  limit = MAX_EVENTS,
): Promise<RecordedEvents> {
  const collector = new EventCollector(limit);
  let n = 0;
  for await (const line of lines) {
    n++;
    if (line.trim() !== "") collector.addCloudEvent(line, `line ${n}`);
  }
  return collector.recorded;
}

/** The same, of envelopes that are in memory. Throws TooManyEvents. */
export function collectEvents(envelopes: Iterable<unknown>, limit = MAX_EVENTS): RecordedEvents {
  const collector = new EventCollector(limit);
  let n = 0;
  for (const envelope of envelopes) collector.addCloudEvent(envelope, `events[${n++}]`);
  return collector.recorded;
}
