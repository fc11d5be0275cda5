import type { NatsConnection } from "@nats-io/nats-core";
import { RpcResponder } from "#messaging";

/** Answers `pattern` in place of a service; what `handle` throws is the error that the caller gets. Returns how to stop it. */
export function respond<T>(nc: NatsConnection, pattern: string, handle: (data: T) => unknown): () => void {
  const responder = new RpcResponder({ nc, pattern, handle: (data) => handle(data as T) });
  return () => void responder.drain().catch(() => undefined);
}
