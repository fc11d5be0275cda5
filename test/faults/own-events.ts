/** Events that a row publishes itself, beside the load or instead of it, in the ledger of what was acknowledged. */
import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import { headers } from "@nats-io/nats-core";
import { eventMessageId, sourceToken, subjects } from "#contracts";
import type { Published } from "./load.js";
import type { Rig } from "./rig.js";

export interface OwnEvent {
  readonly customerId: string;
  readonly id: string;
  readonly type: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly source?: string;
  /** Epoch ms on Segue's clock; default now. */
  readonly time?: number;
  /** What is published instead of the CloudEvent made of the rest. */
  readonly body?: string;
  /** Cannot be handled: must end in DLQ. */
  readonly malformed?: boolean;
}

const TRY_AGAIN_MS = 100;
const GIVE_UP_MS = 60_000;

export class OwnEvents {
  readonly published: Published[] = [];
  readonly #js: JetStreamClient;
  readonly #placed = new Map<string, number>();

  constructor(private readonly rig: Rig) {
    this.#js = jetstream(rig.nc, { timeout: 3_000 });
  }

  /** Publishes until it is acknowledged; `msgId` undefined takes the event's own, `null` none at all. */
  async publish(event: OwnEvent, msgId?: string | null): Promise<Published> {
    const { customerId, id, type, data = {}, source = "core", malformed = false } = event;
    const firstTriedAt = Date.now();
    const subject = subjects.bank(sourceToken(source), customerId, type);
    const msgID = msgId === undefined ? eventMessageId(source, id) : (msgId ?? undefined);
    for (let attempts = 1; ; attempts++) {
      try {
        const body = event.body ?? cloudEventText(event);
        const ack = await this.#js.publish(subject, body, {
          ...(msgID === undefined ? {} : { msgID }),
          headers: headers(),
        });
        const n = this.#placed.get(customerId) ?? 0;
        this.#placed.set(customerId, n + 1);
        const published: Published = {
          customerId,
          n,
          id,
          source,
          type,
          data,
          malformed,
          via: "nats",
          attempts,
          firstTriedAt,
          seq: ack.seq,
          duplicate: ack.duplicate,
          acknowledgedAt: Date.now(),
        };
        this.published.push(published);
        return published;
      } catch (error) {
        if (Date.now() - firstTriedAt > GIVE_UP_MS) throw error;
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
      }
    }
  }

  /** Nothing is under way that was not awaited: as a load that `settle` ends. */
  finish(): Promise<void> {
    return Promise.resolve();
  }
}

export function cloudEventText(event: OwnEvent): string {
  const { customerId: subject, id, type, data = {}, source = "core", time = Date.now() } = event;
  return JSON.stringify({
    specversion: "1.0",
    id,
    source,
    type,
    subject,
    time: new Date(time).toISOString(),
    data,
  });
}
