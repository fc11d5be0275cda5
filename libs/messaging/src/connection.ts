import { connect, type NatsConnection } from "@nats-io/transport-node";

export interface ConnectionOptions {
  /** One or several URLs, comma-separated. */
  readonly url: string;
  /** Shown in the server's connection list. */
  readonly name: string;
  /** False: a first connection that fails is an error. Default: wait for the server for ever. */
  readonly waitOnFirstConnect?: boolean;
  /** Told of `disconnect`, `reconnect` and errors of the connection. */
  readonly onStatus?: (status: { readonly type: string }) => void;
}

/**
 * Connects and stays connected: reconnects for ever, also when the server is not there yet. What is published
 * while disconnected may be lost, so publish through `Publisher`, which retries with the same message id.
 */
export async function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  const nc = await connect({
    servers: options.url.split(","),
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    waitOnFirstConnect: options.waitOnFirstConnect ?? true,
    pingInterval: 5_000,
    maxPingOut: 3,
    // Stack capture per request costs a third of the publishing rate.
    noAsyncTraces: true,
  });
  void (async () => {
    for await (const status of nc.status()) options.onStatus?.(status);
  })().catch(() => undefined);
  return nc;
}

const watched = new WeakMap<NatsConnection, Set<() => void>>();

/** Calls `run` after each reconnect, until what it returns is called. */
export function onReconnect(nc: NatsConnection, run: () => void): () => void {
  let all = watched.get(nc);
  if (!all) {
    all = new Set();
    watched.set(nc, all);
    void watch(nc, all);
  }
  all.add(run);
  return () => all.delete(run);
}

async function watch(nc: NatsConnection, all: ReadonlySet<() => void>): Promise<void> {
  for await (const { type } of nc.status()) if (type === "reconnect") for (const run of all) run();
}
