/** Following a stream cheaply, from now on. */
import { DeliverPolicy, jetstream, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";

export interface FollowOptions {
  readonly stream: string;
  readonly filter: string;
  readonly onMessage: (message: JsMsg) => void;
}

/** Hands over every message that is stored from now on, in order; the answer ends it. */
export async function follow(nc: NatsConnection, options: FollowOptions): Promise<() => Promise<void>> {
  const consumer = await jetstream(nc).consumers.get(options.stream, {
    filter_subjects: [options.filter],
    deliver_policy: DeliverPolicy.New,
  });
  const messages = await consumer.consume({ max_messages: 4_096, callback: options.onMessage });
  return async () => {
    await messages.close();
  };
}

/** The bytes as text, for messages that are ASCII where it matters. */
export function textOf(message: JsMsg): string {
  const { data } = message;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
}
