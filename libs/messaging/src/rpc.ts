/**
 * Request/reply with the services, in the wire format of Nest's NATS transport (`{pattern, data, id}` →
 * `{response, isDisposed, id}` or `{err, …}`). Nest's own client builds observables per call and has no
 * time-out; this one has a deadline, which travels in a header so that the callee can give up in time too.
 */
import {
  headers as natsHeaders,
  NoRespondersError,
  RequestError,
  TimeoutError,
  type NatsConnection,
} from "@nats-io/nats-core";
import { headerNames } from "#contracts";

/**
 * The service could not be reached, did not answer in time, or said that it cannot answer now (an error object with
 * `unavailable: true`). May pass: retry in place.
 */
export class RpcUnavailable extends Error {
  override readonly name = "RpcUnavailable";
}

/** The service answered with an error. A retry would get the same. */
export class RpcFailed extends Error {
  override readonly name = "RpcFailed";
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

interface NestReply {
  readonly response?: unknown;
  readonly err?: unknown;
}

export class RpcClient {
  readonly #nc: NatsConnection;
  #next = 0;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /** Calls `pattern` (see `rpc` in the contracts). The caller parses the answer. Throws RpcUnavailable or RpcFailed. */
  async call(pattern: string, data: unknown, options: CallOptions): Promise<unknown> {
    const h = natsHeaders();
    for (const k in options.headers) h.set(k, options.headers[k]!);
    h.set(headerNames.deadline, String(Date.now() + options.timeoutMs));
    let reply: NestReply;
    try {
      const m = await this.#nc.request(pattern, JSON.stringify({ pattern, data, id: String(++this.#next) }), {
        timeout: options.timeoutMs,
        headers: h,
      });
      reply = m.json<NestReply>();
    } catch (error) {
      if (
        error instanceof TimeoutError ||
        error instanceof NoRespondersError ||
        error instanceof RequestError
      ) {
        throw new RpcUnavailable(`${pattern}: ${error.message}`, { cause: error });
      }
      throw new RpcUnavailable(`${pattern}: ${(error as Error).message}`, { cause: error });
    }
    if (reply.err !== undefined && reply.err !== null) {
      if (isUnavailable(reply.err)) throw new RpcUnavailable(`${pattern}: ${JSON.stringify(reply.err)}`);
      throw new RpcFailed(
        `${pattern}: ${typeof reply.err === "string" ? reply.err : JSON.stringify(reply.err)}`,
      );
    }
    return reply.response;
  }
}

/** True for the error object of a service that cannot answer now, but may soon: `{unavailable: true, …}`. */
function isUnavailable(err: unknown): boolean {
  return typeof err === "object" && err !== null && "unavailable" in err && err.unavailable === true;
}

/** Milliseconds left of the caller's deadline, from the request's headers; `fallbackMs` when it sent none. */
export function remainingMs(get: (name: string) => string | undefined, fallbackMs: number): number {
  const deadline = Number(get(headerNames.deadline));
  return Number.isFinite(deadline) && deadline > 0 ? deadline - Date.now() : fallbackMs;
}
