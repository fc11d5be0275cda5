/**
 * The one place where a fault becomes what happens to its message.
 *
 * - a **terminal** fault (`TerminalFault`): trying again cannot help; the message goes to DLQ;
 * - a **retryable** fault (`RetryableFault`, a service or the server out of reach): tried again, each time later,
 *   for ever or until `maxDeliver`;
 * - anything else is a **defect**: a few tries, in case it was chance, then DLQ (I11: it holds up nothing else).
 */
import { ClosedConnectionError, NoRespondersError, RequestError, TimeoutError } from "@nats-io/nats-core";
import { JetStreamApiError, JetStreamError } from "@nats-io/jetstream";
import type { DlqReason } from "#contracts";
import { RpcUnavailable } from "./rpc.js";

/** Trying again cannot help. */
export class TerminalFault extends Error {
  override readonly name = "TerminalFault";
  constructor(
    readonly reason: DlqReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** May pass by itself. */
export class RetryableFault extends Error {
  override readonly name = "RetryableFault";
  constructor(
    message: string,
    options?: ErrorOptions & {
      /** When to try again, ms; without it, a delay that grows with each try. */
      readonly delayMs?: number;
    },
  ) {
    super(message, options);
    this.delayMs = options?.delayMs;
  }
  readonly delayMs: number | undefined;
}

export type FaultKind = "terminal" | "retryable" | "defect";

/** What to do with the message whose handling failed. */
export type Disposition =
  | { readonly kind: "retry"; readonly delayMs: number; readonly fault: FaultKind }
  | {
      readonly kind: "dead-letter";
      readonly reason: DlqReason;
      readonly detail: string;
      readonly fault: FaultKind;
    };

export interface DispositionOptions {
  /** How often the message has been tried, this time included. */
  readonly tries: number;
  /** Tries after which a retryable fault is given up; for ever without it. */
  readonly maxDeliver?: number | undefined;
  /** Tries that a defect gets. */
  readonly defectTries?: number;
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
}

const DEFECT_TRIES = 3;
const MIN_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;

export function faultKindOf(error: unknown): FaultKind {
  if (error instanceof TerminalFault) return "terminal";
  if (error instanceof RetryableFault || error instanceof RpcUnavailable) return "retryable";
  // The server out of reach, or a stream that refuses for now (full, no leader): its state changes, the message need not.
  if (
    error instanceof TimeoutError ||
    error instanceof NoRespondersError ||
    error instanceof RequestError ||
    error instanceof ClosedConnectionError ||
    error instanceof JetStreamApiError ||
    error instanceof JetStreamError
  ) {
    return "retryable";
  }
  return "defect";
}

/** Decides what happens to a message whose handling threw `error`. */
export function dispositionOf(error: unknown, options: DispositionOptions): Disposition {
  const { tries, maxDeliver = Infinity, defectTries = DEFECT_TRIES } = options;
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const fault = faultKindOf(error);
  switch (fault) {
    case "terminal":
      return { kind: "dead-letter", reason: (error as TerminalFault).reason, detail, fault };
    case "retryable": {
      if (tries >= maxDeliver)
        return {
          kind: "dead-letter",
          reason: "handler_failed",
          detail: `given up after ${tries} tries: ${detail}`,
          fault,
        };
      const asked = error instanceof RetryableFault ? error.delayMs : undefined;
      return { kind: "retry", delayMs: asked ?? retryDelayMs(options), fault };
    }
    case "defect":
      if (tries >= Math.min(defectTries, maxDeliver))
        return { kind: "dead-letter", reason: "handler_failed", detail, fault };
      return { kind: "retry", delayMs: retryDelayMs(options), fault };
  }
}

/** Doubles with each try, from `minDelayMs` up to `maxDelayMs`. */
export function retryDelayMs({
  tries,
  minDelayMs = MIN_DELAY_MS,
  maxDelayMs = MAX_DELAY_MS,
}: DispositionOptions): number {
  return Math.min(minDelayMs * 2 ** Math.min(Math.max(tries - 1, 0), 20), maxDelayMs);
}
