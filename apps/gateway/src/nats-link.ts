/**
 * The one connection to NATS. It is made in the background, so that the gateway answers (503, and its health)
 * also while NATS is not there yet; and it knows for how long the server has been away, so that a request is
 * refused at once instead of waiting in a queue that nobody empties.
 */
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { streamsOf } from "#contracts";
import { connectNats, Publisher } from "#messaging";
import { ProblemError } from "./problem.js";

export interface NatsParts {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly publisher: Publisher;
}

/** A reconnect that is quicker than this is ridden out by the request that meets it. */
const BLIP_MS = 1_000;
const RETRY_AFTER_S = 2;
const REQUEST_TIMEOUT_MS = 2_000;

export class NatsLink {
  #parts: NatsParts | undefined;
  #awaySince: number | undefined = Date.now();
  #closed = false;
  readonly #onConnect: Array<(parts: NatsParts) => void> = [];
  readonly #connecting: Promise<void>;

  constructor(url: string, onStatus: (type: string) => void = () => undefined) {
    this.#connecting = this.#connect(url, onStatus);
    // Whoever needs the connection sees the failure through `parts`; nobody needs to await this.
    this.#connecting.catch(() => onStatus("connect-failed"));
  }

  async #connect(url: string, onStatus: (type: string) => void): Promise<void> {
    const nc = await connectNats({
      url,
      name: "gateway",
      onStatus: ({ type }) => {
        if (type === "disconnect") this.#awaySince ??= Date.now();
        if (type === "reconnect") this.#awaySince = undefined;
        onStatus(type);
      },
    });
    if (this.#closed) return nc.close();
    // checkAPI would ask the server now, and fail for good if JetStream is still recovering.
    const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: REQUEST_TIMEOUT_MS });
    this.#awaySince = undefined;
    const parts = { nc, jsm, publisher: new Publisher(nc) };
    for (const run of this.#onConnect.splice(0)) run(parts);
    this.#parts = parts;
    onStatus("connect");
  }

  /** True while there is a connection. */
  get connected(): boolean {
    return this.#parts !== undefined && this.#awaySince === undefined;
  }

  /** The connection, once there was a first one, also while the server is away. */
  get connection(): NatsParts | undefined {
    return this.#parts;
  }

  /** Calls `run` once there is a first connection; subscriptions made then last through reconnects. */
  onConnect(run: (parts: NatsParts) => void): void {
    if (this.#parts) run(this.#parts);
    else this.#onConnect.push(run);
  }

  /** Throws the 503 problem when there is no connection, nor a chance that it is back in a moment. */
  get parts(): NatsParts {
    const away = this.#awaySince;
    if (!this.#parts || (away !== undefined && Date.now() - away > BLIP_MS)) throw streamAway();
    return this.#parts;
  }

  /** Connected, and the streams that the gateway writes and reads are there. */
  async streamsThere(): Promise<boolean> {
    if (!this.connected || !this.#parts) return false;
    const { jsm } = this.#parts;
    const names = (["EVT", "CTX", "AUDIT"] as const).flatMap((kind) => streamsOf(kind));
    try {
      await Promise.all(names.map((name) => jsm.streams.info(name)));
      return true;
    } catch {
      return false;
    }
  }

  /** Lets what is under way finish, within the given time, and closes. */
  async close(withinMs: number): Promise<void> {
    this.#closed = true;
    const nc = this.#parts?.nc;
    if (!nc || nc.isClosed()) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    // A drain waits for the server, which may be away.
    await Promise.race([this.connected ? nc.drain().catch(() => undefined) : nc.close(), late]);
    clearTimeout(timer);
    if (!nc.isClosed()) await Promise.race([nc.close(), new Promise((resolve) => setTimeout(resolve, 500))]);
  }
}

/** NATS did not answer: the caller may send the same again. */
export function streamAway(members: Readonly<Record<string, unknown>> = {}, cause?: unknown): ProblemError {
  return new ProblemError(
    "stream-away",
    "The event stream did not acknowledge. Send the same request again.",
    {
      retryAfterS: RETRY_AFTER_S,
      members,
      cause,
    },
  );
}
