/**
 * Answers the calls of one pattern, in the form of `rpc-wire.ts`. Calls of one message are handled side by side; what is
 * ready at the end of a turn goes back in one message per caller.
 *
 * Owns: the calls under way. `drain` loses none: what the server has handed over is answered.
 */
import { InvalidArgumentError, type Msg, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import { headerNames } from "#contracts";
import { atEndOfTurn } from "./end-of-turn.js";
import { readHeader } from "./message-headers.js";
import { inMessages, jsonArray, type PlainRequest, type WireBatch, type WireCall } from "./rpc-wire.js";

/** What a handler knows of a call besides its data (`@Ctx()`). */
export interface RpcContext {
  /** A header by name, whatever its case. */
  readonly header: (name: string) => string | undefined;
}

export interface RpcResponderOptions {
  readonly nc: NatsConnection;
  readonly pattern: string;
  /** Responders with the same queue share the calls. */
  readonly queue?: string;
  /** Answers one call. What it throws is the `err` of the answer; of an Error only the message. */
  readonly handle: (data: unknown, context: RpcContext) => unknown;
}

interface Answer {
  readonly id: number;
  readonly text: string;
}

export class RpcResponder {
  readonly #options: RpcResponderOptions;
  readonly #subscription: Subscription;
  /** Answers of this turn, by the inbox of their caller. */
  readonly #ready = new Map<string, Answer[]>();
  #underWay = 0;
  #idle: (() => void) | undefined;

  constructor(options: RpcResponderOptions) {
    this.#options = options;
    this.#subscription = options.nc.subscribe(options.pattern, {
      ...(options.queue === undefined ? {} : { queue: options.queue }),
      callback: (error, message) => {
        // The server refuses the subscription: the connection's status says so.
        if (!error) this.#receive(message);
      },
    });
  }

  /** Takes no more calls; resolves when those that the server has handed over are answered. */
  async drain(): Promise<void> {
    await this.#subscription.drain();
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  #receive(message: Msg): void {
    let request: unknown;
    try {
      request = message.json();
    } catch (error) {
      this.#reply(message, undefined, { err: `the request is not JSON: ${(error as Error).message}` });
      return;
    }
    if (isBatch(request)) for (const call of request.batch) void this.#answer(request.to, call);
    else void this.#answerPlain(message, request);
  }

  async #answer(to: string, call: WireCall): Promise<void> {
    this.#underWay++;
    const text = answerText(call.id, await this.#outcome(call.data, headersOf(call)));
    if (this.#ready.size === 0) atEndOfTurn(() => this.#flush());
    const ready = this.#ready.get(to);
    if (ready) ready.push({ id: call.id, text });
    else this.#ready.set(to, [{ id: call.id, text }]);
  }

  async #answerPlain(message: Msg, request: unknown): Promise<void> {
    this.#underWay++;
    const enveloped = typeof request === "object" && request !== null && "data" in request;
    const { id, data }: PlainRequest = enveloped ? request : { data: request };
    const header = (name: string): string | undefined => readHeader(message.headers, name);
    this.#reply(message, id, await this.#outcome(data, header));
    this.#done(1);
  }

  async #outcome(data: unknown, header: RpcContext["header"]): Promise<Outcome> {
    try {
      return { response: await this.#options.handle(data, { header }) };
    } catch (error) {
      return { err: error instanceof Error ? error.message : (error ?? "the call failed") };
    }
  }

  #reply(message: Msg, id: string | undefined, outcome: Outcome): void {
    try {
      message.respond(JSON.stringify({ ...outcome, isDisposed: true, id }));
    } catch (error) {
      const err = `the answer cannot be sent: ${(error as Error).message}`;
      message.respond(JSON.stringify({ err, isDisposed: true, id }));
    }
  }

  #flush(): void {
    const all = [...this.#ready];
    this.#ready.clear();
    for (const [to, answers] of all) {
      for (const together of inMessages(answers)) this.#send(to, together);
      this.#done(answers.length);
    }
  }

  #send(to: string, answers: readonly Answer[]): void {
    const { nc } = this.#options;
    try {
      nc.publish(to, jsonArray(answers));
    } catch (error) {
      // The connection is being closed: the callers' deadlines must do.
      if (!(error instanceof InvalidArgumentError)) return;
      const err = `the answer cannot be sent: ${error.message}`;
      nc.publish(to, JSON.stringify(answers.map(({ id }) => ({ id, err }))));
    }
  }

  #done(calls: number): void {
    this.#underWay -= calls;
    if (this.#underWay === 0) this.#idle?.();
  }
}

type Outcome = { readonly response: unknown } | { readonly err: unknown };

/** JSON of an answer; one that cannot be written is an error to its caller. */
function answerText(id: number, outcome: Outcome): string {
  try {
    return JSON.stringify({ id, ...outcome });
  } catch (error) {
    return JSON.stringify({ id, err: `the answer cannot be written: ${(error as Error).message}` });
  }
}

function isBatch(request: unknown): request is WireBatch {
  return (
    typeof request === "object" && request !== null && "batch" in request && Array.isArray(request.batch)
  );
}

function headersOf(call: WireCall): RpcContext["header"] {
  return (name) => {
    const lower = name.toLowerCase();
    if (lower === DEADLINE) return String(call.deadline);
    const headers = call.headers;
    if (!headers) return undefined;
    for (const key in headers) if (key === name || key.toLowerCase() === lower) return headers[key];
    return undefined;
  };
}

const DEADLINE = headerNames.deadline.toLowerCase();
