import type { NatsConnection } from "@nats-io/nats-core";

/** Answers `pattern` in the wire format of Nest's NATS transport, in place of a service. Returns how to stop it. */
export function respond<T>(nc: NatsConnection, pattern: string, handle: (data: T) => unknown): () => void {
  const sub = nc.subscribe(pattern, {
    callback: (error, m) => {
      if (error) return;
      const { data, id } = m.json<{ data: T; id: string }>();
      m.respond(JSON.stringify({ response: handle(data), isDisposed: true, id }));
    },
  });
  return () => sub.unsubscribe();
}
