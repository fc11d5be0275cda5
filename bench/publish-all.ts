import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";

const UNDER_WAY = 1_000;

/** Publishes `n` messages, many under way at a time; resolves when the stream has all of them. */
export async function publishAll(
  nc: NatsConnection,
  n: number,
  message: (i: number) => { readonly subject: string; readonly payload: string },
): Promise<void> {
  const js = jetstream(nc, { timeout: 30_000 });
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < n) {
      const { subject, payload } = message(next++);
      await js.publish(subject, payload);
    }
  };
  await Promise.all(Array.from({ length: Math.min(UNDER_WAY, n) }, worker));
}
