import type { NatsConnection, Subscription } from "@nats-io/nats-core";
import { ServerNats, type NatsContext, type NatsOptions } from "@nestjs/microservices";

type Options = Required<NatsOptions>["options"];
type Reply = { readonly isDisposed?: boolean };

/** The longest that closing waits for the server and for requests under way. */
const CLOSE_WITHIN_MS = 5_000;

/**
 * Nest's NATS transport, made to stop without losing a request. Nest's own server unsubscribes at once, which drops what
 * the server has already handed over, and then waits for a fixed time. This one drains: what was handed over is answered,
 * and the connection closes as soon as the last answer is out.
 */
export class RpcServer extends ServerNats {
  readonly #subscriptions: Subscription[] = [];
  readonly #queue: string;
  #underWay = 0;
  #idle: (() => void) | undefined;

  constructor(options: Options & { readonly queue: string }) {
    super(options);
    this.#queue = options.queue;
  }

  override bindEvents(client: NatsConnection): void {
    for (const pattern of this.getHandlers().keys()) {
      const callback = this.getMessageHandler(pattern) as (error: Error | null, message: unknown) => void;
      this.#subscriptions.push(client.subscribe(pattern, { queue: this.#queue, callback }));
    }
  }

  /** Called once per request; the last reply of a request is the one that is disposed. */
  override getPublisher(message: unknown, id: string, context: NatsContext): (reply: Reply) => unknown {
    const publish = super.getPublisher(message, id, context) as (reply: Reply) => unknown;
    this.#underWay++;
    return (reply) => {
      try {
        return publish(reply);
      } finally {
        if (reply.isDisposed && --this.#underWay === 0) this.#idle?.();
      }
    };
  }

  override async close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_WITHIN_MS)));
    await Promise.race([this.#finish(), late]);
    clearTimeout(timer);
    await super.close();
  }

  async #finish(): Promise<void> {
    await Promise.allSettled(this.#subscriptions.splice(0).map((s) => s.drain()));
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await this.unwrap<NatsConnection>()
      .flush()
      .catch(() => undefined);
  }
}
