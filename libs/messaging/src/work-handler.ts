/** What a Nest handler of a work consumer sees: decorator, context, and the filter that lets faults through. */
import { applyDecorators, Catch, UseFilters, type RpcExceptionFilter } from "@nestjs/common";
import { BaseRpcContext, EventPattern } from "@nestjs/microservices";
import { throwError, type Observable } from "rxjs";
import type { ConsumerDefinition } from "#contracts";

/** Tells these handlers from those of Nest's own transports in a hybrid application. */
export const WORK_TRANSPORT = Symbol("jetstream-work");

/**
 * Nest's own filter turns an exception into an anonymous `Internal server error`; the strategy needs the fault
 * itself to decide what becomes of the message.
 */
@Catch()
export class FaultFilter implements RpcExceptionFilter<unknown> {
  catch(fault: unknown): Observable<never> {
    return throwError(() => fault);
  }
}

/** Extras that `WorkHandler` leaves with a handler for the strategy. */
export interface WorkExtras {
  readonly consumers: readonly ConsumerDefinition[];
}

/**
 * Makes a controller method the handler of durable work consumers:
 * `@WorkHandler(channelConsumers("sms")) handle(@Payload(pipe) command: Command, @Ctx() context: WorkContext)`.
 * The payload is the message's parsed JSON; the message is acknowledged once the method has resolved.
 */
export function WorkHandler(consumers: readonly ConsumerDefinition[]): MethodDecorator {
  const names = [...new Set(consumers.map((c) => c.name))];
  const extras: WorkExtras = { consumers };
  return applyDecorators(EventPattern(names, WORK_TRANSPORT, { ...extras }), UseFilters(FaultFilter));
}

/** How often and when this message was delivered. */
export interface Delivery {
  readonly stream: string;
  /** Sequence in the stream: the same for each delivery of a message. */
  readonly streamSeq: number;
  /** 1 for the first. */
  readonly deliveryCount: number;
  readonly redelivered: boolean;
  /** When the message was stored, wall-clock epoch ms. */
  readonly publishedAt: number;
}

export interface WorkMessage {
  readonly subject: string;
  readonly delivery: Delivery;
  /** Reads a header by name, case-insensitively. */
  header(name: string): string | undefined;
  /** Aborted when the service stops: finish or give up soon. */
  readonly signal: AbortSignal;
  /**
   * Waits without holding one of the consumer's slots, for what takes long and costs nothing (a receipt). The
   * message stays in hand; the consumer's `maxAckPending` bounds how many do.
   */
  park<T>(wait: Promise<T>): Promise<T>;
}

/** The context of a work handler (`@Ctx()`). */
export class WorkContext extends BaseRpcContext<[WorkMessage]> {
  get message(): WorkMessage {
    return this.args[0];
  }
  get subject(): string {
    return this.args[0].subject;
  }
  get delivery(): Delivery {
    return this.args[0].delivery;
  }
  get signal(): AbortSignal {
    return this.args[0].signal;
  }
  readonly header = (name: string): string | undefined => this.args[0].header(name);
  park<T>(wait: Promise<T>): Promise<T> {
    return this.args[0].park(wait);
  }
}
