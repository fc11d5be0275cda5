/** Reads what was told of customers' consents and holds, from EVT: each CloudEvent once, in the order of the stream. */
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import { partitionOf, streamOf, streamsOf, subjects, type CustomerEvent } from "#contracts";
import { PROFILE_FAMILIES, ProfileHistory } from "#domain";
import { parseEvent } from "#messaging";
import { readFiltered, readSubjects, type Stored } from "./stored-messages.js";

/** Of one customer. */
export async function readProfileHistory(
  nc: NatsConnection,
  customerId: string,
  clock: Clock,
): Promise<ProfileHistory> {
  const stream = streamOf("EVT", partitionOf(customerId));
  const families = PROFILE_FAMILIES.map((family) => subjects.evtOfCustomerFamily(customerId, family));
  const history = new ToldOnce();
  for await (const message of readSubjects(nc, stream, families)) history.apply(message, clock);
  return history.of(customerId);
}

/** Of every customer of whom anything was told, by id. */
export async function readProfileHistories(
  nc: NatsConnection,
  clock: Clock,
): Promise<ReadonlyMap<string, ProfileHistory>> {
  const histories = new ToldOnce();
  const families = PROFILE_FAMILIES.map((family) => subjects.evtOfTypeFamily(family));
  for (const stream of streamsOf("EVT"))
    for await (const message of readFiltered(nc, stream, families)) histories.apply(message, clock);
  return histories.all;
}

class ToldOnce {
  readonly all = new Map<string, ProfileHistory>();
  readonly #seen = new Set<string>();

  of(customerId: string): ProfileHistory {
    let history = this.all.get(customerId);
    if (!history) this.all.set(customerId, (history = new ProfileHistory()));
    return history;
  }

  /** What the context actor sends to the dead letters is left out. */
  apply(message: Stored, clock: Clock): void {
    const parsed = parseEvent(message, clock);
    if (parsed.kind === "unreadable") return;
    const { event } = parsed;
    const key = keyOf(event);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.of(event.customerId).apply(event);
  }
}

function keyOf({ customerId, source, sourceUri, id }: CustomerEvent): string {
  return `${customerId}\n${sourceUri ?? source}\n${id}`;
}
