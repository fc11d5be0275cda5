import { Server, Transport, type CustomTransportStrategy, type MessageHandler } from "@nestjs/microservices";
import type { NatsConnection } from "@nats-io/nats-core";
import { isObservable, lastValueFrom } from "rxjs";
import { RpcResponder, type RpcContext } from "./rpc-responder.js";

export interface RpcServerOptions {
  /** Stays open when the server is closed. */
  readonly nc: NatsConnection;
  /** Instances with the same queue share the calls. */
  readonly queue: string;
}

/** The longest that closing waits for the server and for calls under way. */
const CLOSE_WITHIN_MS = 5_000;

/**
 * Nest transport for calls: each `@MessagePattern` method answers its pattern through an `RpcResponder`. Nest's own NATS
 * transport takes one call per message, builds observables for each, and loses requests when it stops.
 */
export class RpcServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Transport.NATS;
  readonly #options: RpcServerOptions;
  #responders: readonly RpcResponder[] = [];

  constructor(options: RpcServerOptions) {
    super();
    this.#options = options;
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    const { nc, queue } = this.#options;
    this.#responders = [...this.getHandlers()].map(
      ([pattern, handler]) => new RpcResponder({ nc, queue, pattern, handle: handlerOf(handler) }),
    );
    // Called only when the server has the subscriptions: who is listening can be asked.
    try {
      await nc.flush();
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  }

  /** Answers what the server has handed over, and takes no more. */
  async close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_WITHIN_MS)));
    await Promise.race([this.#finish(), late]);
    clearTimeout(timer);
  }

  async #finish(): Promise<void> {
    await Promise.allSettled(this.#responders.map((responder) => responder.drain()));
    await this.#options.nc.flush().catch(() => undefined);
  }

  on(event: string): never {
    throw new Error(`the rpc transport has no event "${event}"`);
  }

  unwrap<T>(): T {
    return this.#options.nc as T;
  }
}

/** Nest's wrapper of a method resolves with its result, or, when an exception filter has spoken, with an observable of that. */
function handlerOf(handler: MessageHandler): (data: unknown, context: RpcContext) => Promise<unknown> {
  return async (data, context) => {
    const result: unknown = await handler(data, context);
    return isObservable(result) ? lastValueFrom(result) : result;
  };
}
