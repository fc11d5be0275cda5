/** The consents on record, from the streams, as rows that can be imported. */
import type { NatsConnection } from "@nats-io/nats-core";
import { readProfileHistories, readProfileHistory } from "#audit";
import type { Clock } from "#clock";
import { rowOf, type ConsentRow } from "./consent-row.js";

/** In the order of customer, purpose, channel and address. */
export async function* exportConsents(
  nc: NatsConnection,
  clock: Clock,
  customer: string | undefined,
): AsyncGenerator<ConsentRow> {
  const histories =
    customer === undefined
      ? await readProfileHistories(nc, clock)
      : new Map([[customer, await readProfileHistory(nc, customer, clock)]]);
  const now = clock.now();
  for (const customerId of [...histories.keys()].sort())
    for (const record of histories.get(customerId)!.consents(now)) yield rowOf(customerId, record);
}
