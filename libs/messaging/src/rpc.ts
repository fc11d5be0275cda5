/**
 * Calls to the services, over NATS in the form of `rpc-wire.ts`. Each has a deadline, which travels with it so that the
 * callee can give up in time too.
 */
import {
  InvalidArgumentError,
  NoRespondersError,
  TimeoutError,
  type Msg,
  type NatsConnection,
} from "@nats-io/nats-core";
import { headerNames } from "#contracts";
import { atEndOfTurn } from "./end-of-turn.js";
import { ReplyInbox } from "./reply-inbox.js";
import { inMessages, jsonArray, MAX_BATCH_CALLS, type WireAnswer } from "./rpc-wire.js";

/**
 * The service could not be reached, did not answer in time, or said that it cannot answer now (an error object with
 * `unavailable: true`). May pass: retry in place.
 */
export class RpcUnavailable extends Error {
  override readonly name = "RpcUnavailable";
}

/** The service answered with an error, or the request cannot be sent. A retry would get the same. */
export class RpcFailed extends Error {
  override readonly name = "RpcFailed";
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call until it is answered. */
interface Call {
  readonly pattern: string;
  readonly until: number;
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: Error) => void;
  /** The calls of its message, when it is the first of them: what the server says of the message is said to this one. */
  together?: readonly Outgoing[];
}

/** A call that has not been sent yet. */
interface Outgoing {
  readonly id: number;
  readonly text: string;
}

/** Answers come to this number of the inbox; calls have the higher ones. */
const ANSWERS = 0;

/** Data of a call that is JSON text already. */
export class JsonText {
  constructor(readonly text: string) {}
}

export class RpcClient {
  readonly #nc: NatsConnection;
  readonly #inbox: ReplyInbox<Call>;
  /** Calls of this turn, by pattern. */
  readonly #outgoing = new Map<string, Outgoing[]>();

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    this.#inbox = new ReplyInbox<Call>(nc, {
      onReply: (number, message) => {
        if (number === ANSWERS) this.#answered(message);
        else this.#undeliverable(number, message);
      },
      onEnd: (call, error) => {
        call.reject(unavailable(call.pattern, error ?? new TimeoutError()));
      },
    });
  }

  /** Calls `pattern` (see `rpc` in the contracts). The caller parses the answer. Throws RpcUnavailable or RpcFailed. */
  call(pattern: string, data: unknown, options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const until = Date.now() + options.timeoutMs;
      const json = data instanceof JsonText ? data.text : JSON.stringify(data ?? null);
      const headers = options.headers ? `"headers":${JSON.stringify(options.headers)},` : "";
      let id: number;
      try {
        id = this.#inbox.add({ pattern, until, resolve, reject });
      } catch (error) {
        reject(unavailable(pattern, error as Error));
        return;
      }
      if (this.#outgoing.size === 0) atEndOfTurn(() => this.#flush());
      const call = { id, text: `{"id":${id},"deadline":${until},${headers}"data":${json}}` };
      const calls = this.#outgoing.get(pattern);
      if (calls) calls.push(call);
      else this.#outgoing.set(pattern, [call]);
    });
  }

  #flush(): void {
    const all = [...this.#outgoing];
    this.#outgoing.clear();
    for (const [pattern, calls] of all)
      for (const together of inMessages(calls, MAX_BATCH_CALLS)) this.#send(pattern, together);
  }

  #send(pattern: string, calls: readonly Outgoing[]): void {
    const to = this.#inbox.subject(ANSWERS);
    const first = calls[0]!.id;
    const call = this.#inbox.get(first);
    if (call) call.together = calls;
    try {
      this.#nc.publish(
        pattern,
        `{"pattern":${JSON.stringify(pattern)},"to":"${to}","batch":${jsonArray(calls)}}`,
        { reply: this.#inbox.subject(first) },
      );
    } catch (cause) {
      const error =
        cause instanceof InvalidArgumentError
          ? new RpcFailed(`${pattern}: ${cause.message}`, { cause })
          : unavailable(pattern, cause as Error);
      for (const { id } of calls) this.#inbox.take(id)?.reject(error);
    }
  }

  #answered(message: Msg): void {
    for (const { id, err, response } of readAnswers(message)) {
      // Answered after its deadline: nobody waits any more.
      const call = this.#inbox.take(id);
      if (!call) continue;
      if (err === undefined || err === null) call.resolve(response);
      else call.reject(errorOf(call.pattern, err));
    }
  }

  /** The server has nobody to give a message to: none of its calls was seen by anyone. */
  #undeliverable(number: number, message: Msg): void {
    if (message.data.length > 0 || message.headers?.code !== 503) return;
    for (const { id } of this.#inbox.get(number)?.together ?? []) {
      const call = this.#inbox.take(id);
      call?.reject(unavailable(call.pattern, new NoRespondersError(call.pattern)));
    }
  }
}

/** None when the message is not one of answers: whoever sent it, a caller's deadline serves. */
function readAnswers(message: Msg): readonly WireAnswer[] {
  try {
    const answers = message.json<readonly WireAnswer[]>();
    return Array.isArray(answers) ? answers : [];
  } catch {
    return [];
  }
}

function unavailable(pattern: string, cause: Error): RpcUnavailable {
  return new RpcUnavailable(`${pattern}: ${cause.message}`, { cause });
}

function errorOf(pattern: string, err: unknown): RpcUnavailable | RpcFailed {
  if (isUnavailable(err)) return new RpcUnavailable(`${pattern}: ${JSON.stringify(err)}`);
  return new RpcFailed(`${pattern}: ${typeof err === "string" ? err : JSON.stringify(err)}`);
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
