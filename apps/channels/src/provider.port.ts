/**
 * The port between Segue and whoever carries a message to the customer (or carries out an action). One adapter
 * per provider and protocol.
 */
import type { Channel, Command, Outcome, ResponseOutcome } from "#contracts";

/** What a provider is asked to do: one leg of a command. */
export interface SendOrder {
  readonly commandId: string;
  readonly attempt: number;
  readonly channel: Channel;
  readonly customerId: string;
  readonly title: string;
  readonly body: string;
  /** How long a positive receipt is waited for, ms of Segue's time. */
  readonly receiptTimeoutMs: number;
  readonly command: Command;
  /** When it is sent, epoch ms on Segue's clock. */
  readonly at: number;
}

/** `afterMs` is measured from the send, in milliseconds of Segue's time. */
interface Answer {
  readonly afterMs: number;
}

/** It reached the customer, or was done. `result` is what an `execute` order brought back. */
export interface Delivered extends Answer {
  readonly status: "delivered";
  readonly result?: NonNullable<Outcome["result"]>;
}

/** It did not reach the customer, and will not. `reason` is a code. */
export interface Rejected extends Answer {
  readonly status: "rejected";
  readonly reason: string;
  /** What the refusal of an `execute` order brought back, such as an issuer's response code. */
  readonly result?: NonNullable<Outcome["result"]>;
}

/** It was not said, and is not worth saying any more, on whatever channel. `reason` is a code. */
export interface Expired extends Answer {
  readonly status: "expired";
  readonly reason: string;
}

export type SendResult =
  | Delivered
  | Rejected
  | Expired
  /** The provider has taken it; `Reports.receipt` tells what became of it. */
  | (Answer & { readonly status: "accepted" })
  /** It may or may not have been sent: nobody can tell any more. */
  | (Answer & { readonly status: "unknown"; readonly reason: string });

export type Receipt = Delivered | Rejected;

/** How a provider tells what happened after its answer. May be called at any time, also too late. */
export interface Reports {
  receipt(receipt: Receipt): void;
  /** What the customer did with it. */
  response(kind: ResponseOutcome, afterMs: number): void;
}

export interface ChannelProvider {
  /** For logs and spans: `sandbox`, `smtp`, … */
  readonly name: string;
  /** `segue`: lives in Segue's time, so a replay speeds its receipts up; `wall`: a real one. */
  readonly time: "segue" | "wall";
  /**
   * Sends once. Refusals are results; an exception means that it may have been sent. Retries only what certainly
   * did not leave.
   */
  send(order: SendOrder, reports: Reports): Promise<SendResult>;
  /**
   * Told of a command that is not sent now, with why (a code). Answers whether a delivery before this one has sent it;
   * `undefined`: nobody can tell.
   */
  withdraw?(command: Command, reason: string): Promise<boolean | undefined>;
  close(): Promise<void>;
}
