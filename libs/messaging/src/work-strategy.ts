/**
 * Nest transport for JetStream work consumers: each `@WorkHandler` method is fed from its durable consumers.
 * Acknowledged after the handler has resolved; a fault becomes what `disposition.ts` says.
 */
import { Server, type CustomTransportStrategy, type MessageHandler } from "@nestjs/microservices";
import type { NatsConnection } from "@nats-io/nats-core";
import { isObservable, lastValueFrom } from "rxjs";
import { parseCmd, partitionOf, subjects, type ConsumerDefinition } from "#contracts";
import { faultPointSoon } from "#service";
import { dispositionOf, TerminalFault, type Disposition } from "./disposition.js";
import { atEndOfTurn } from "./end-of-turn.js";
import { readHeader } from "./message-headers.js";
import type { Publisher } from "./publisher.js";
import { WorkConsumer } from "./work-consumer.js";
import { deadLetterHeaders, deadLetterId } from "./work-dead-letter.js";
import { deliveryOf, type InHand } from "./work-delivery.js";
import { WORK_TRANSPORT, WorkContext, type Delivery, type WorkExtras } from "./work-handler.js";
import type { Slots } from "./work-slots.js";

export interface WorkStrategyOptions {
  readonly nc: NatsConnection;
  readonly publisher: Publisher;
  /** Messages handled at a time, per consumer. */
  readonly concurrency: number;
  /** Which consumers to read, by name; all without it. */
  readonly only?: (consumer: string) => boolean;
  /** How long `close` waits for what is under way, ms. */
  readonly graceMs?: number;
  /** Tries of a retryable fault, when the consumer's definition does not say; for ever without it. */
  readonly maxDeliver?: number;
  readonly log: { warn(fields: object, message: string): void; error(fields: object, message: string): void };
  /** Told of every fault's disposition, for metrics. */
  readonly onFault?: (consumer: string, disposition: Disposition) => void;
}

const GRACE_MS = 7_000;
const REFUSED_DELAY_MS = 5_000;

export class JetStreamWorkStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = WORK_TRANSPORT;
  // The handler's failure decides what becomes of the message, so Nest must hand it on rather than log it.
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: WorkStrategyOptions;
  readonly #consumers: WorkConsumer[] = [];
  readonly #stop = new AbortController();
  readonly #failing = new Set<string>();

  constructor(options: WorkStrategyOptions) {
    super();
    this.#options = options;
  }

  listen(callback: (error?: unknown) => void): void {
    for (const [name, handler] of this.messageHandlers) {
      if (this.#options.only && !this.#options.only(name)) continue;
      const extras = handler.extras as WorkExtras | undefined;
      const definitions = extras?.consumers.filter((c) => c.name === name) ?? [];
      if (definitions.length === 0) {
        callback(new Error(`handler "${name}" names no work consumer: declare it with @WorkHandler`));
        return;
      }
      for (const definition of definitions) this.#consumers.push(this.#consumerOf(definition, handler));
    }
    for (const consumer of this.#consumers) consumer.start();
    callback();
  }

  /** True while every consumer can be pulled from. */
  get ready(): boolean {
    return this.#consumers.length > 0 && this.#failing.size === 0 && !this.#stop.signal.aborted;
  }

  /** Stops pulling, finishes what is under way within the grace. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await Promise.all(this.#consumers.map((c) => c.close(this.#options.graceMs ?? GRACE_MS)));
    // What was settled last goes out at the end of this turn.
    await new Promise<void>((resolve) => atEndOfTurn(resolve));
    if (!this.#options.nc.isClosed()) await this.#options.nc.flush();
  }

  on(event: string): never {
    throw new Error(`the work transport has no event "${event}"`);
  }

  unwrap<T>(): T {
    return this.#options.nc as T;
  }

  #consumerOf(definition: ConsumerDefinition, handler: MessageHandler): WorkConsumer {
    const { nc, concurrency, log } = this.#options;
    const label = `${definition.stream}/${definition.name}`;
    return new WorkConsumer({
      nc,
      definition,
      concurrency,
      handle: (inHand, slots) => this.#handle(definition, handler, inHand, slots),
      onPull: (state, error) => {
        if (state === "pulling") this.#failing.delete(label);
        else {
          if (!this.#failing.has(label))
            log.warn({ consumer: label, error: error?.message }, "cannot pull: trying again");
          this.#failing.add(label);
        }
      },
    });
  }

  async #handle(
    definition: ConsumerDefinition,
    handler: MessageHandler,
    inHand: InHand,
    slots: Slots,
  ): Promise<void> {
    // Waited for a slot until after the stop: another instance will take it.
    if (this.#stop.signal.aborted) return inHand.nak(0);
    const m = inHand.message;
    const delivery = deliveryOf(m);
    try {
      const data = parseJson(m.data);
      const context = new WorkContext([
        {
          subject: m.subject,
          delivery,
          signal: this.#stop.signal,
          header: (name) => readHeader(m.headers, name),
          park: (wait) => park(slots, wait),
        },
      ]);
      const result: unknown = await handler(data, context);
      // What the exception filter has to say comes as an observable.
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      inHand.ack();
      faultPointSoon("channels.ack.after");
    } catch (error) {
      await this.#fault(definition, inHand, delivery, error);
    }
  }

  async #fault(
    definition: ConsumerDefinition,
    inHand: InHand,
    delivery: Delivery,
    error: unknown,
  ): Promise<void> {
    const { publisher, log, onFault, maxDeliver } = this.#options;
    const disposition = dispositionOf(error, {
      tries: delivery.deliveryCount,
      maxDeliver: definition.maxDeliver ?? maxDeliver,
    });
    onFault?.(definition.name, disposition);
    const fields = {
      consumer: definition.name,
      seq: delivery.streamSeq,
      tries: delivery.deliveryCount,
      fault: disposition.fault,
    };
    if (disposition.kind === "retry") {
      log.warn(
        { ...fields, delayMs: disposition.delayMs, error: (error as Error).message },
        "message is tried again later",
      );
      inHand.nak(disposition.delayMs);
      return;
    }
    const { subject, headers, data } = inHand.message;
    const { reason, detail } = disposition;
    try {
      await publisher.publish(subjects.dlq(partitionOfSubject(subject), "command"), data, {
        msgId: deadLetterId(delivery.stream, delivery.streamSeq),
        headers: deadLetterHeaders({
          subject,
          stream: delivery.stream,
          seq: delivery.streamSeq,
          headers,
          reason,
          detail,
        }),
        signal: this.#stop.signal,
      });
    } catch (refused) {
      // Not in DLQ, so it must stay where it is.
      log.error(
        { ...fields, error: (refused as Error).message },
        "DLQ refused the message: kept, tried again later",
      );
      inHand.nak(REFUSED_DELAY_MS);
      return;
    }
    log.error({ ...fields, reason, detail }, "message put into DLQ");
    inHand.term(reason);
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(data));
  } catch (cause) {
    // Not the parser's message: it quotes the body, which may hold personal data.
    throw new TerminalFault("malformed_json", `the body (${data.length} bytes) is not JSON`, { cause });
  }
}

/** A subject that is not a command's goes to the first partition of DLQ. */
function partitionOfSubject(subject: string): number {
  const cmd = parseCmd(subject);
  return cmd ? partitionOf(cmd.customerId) : 0;
}

async function park<T>(slots: Slots, wait: Promise<T>): Promise<T> {
  slots.give();
  try {
    return await wait;
  } finally {
    await slots.take();
  }
}
