/** What a provider reports about one send, seen by the one who waits for it. */
import type { ResponseOutcome } from "#contracts";
import type { ChannelProvider, Receipt, Reports, SendOrder, SendResult } from "./provider.port.js";

/** How a leg ended for us: what the provider said in time, or `silent`. */
export type LegResult =
  Exclude<SendResult, { status: "accepted" }> | { readonly status: "silent"; readonly afterMs: number };

export interface LegWatchOptions {
  /** How long to wait for a positive answer, wall ms. */
  readonly waitMs: number;
  /** Told of a receipt that came after the waiting was over. */
  readonly onLateReceipt: (receipt: Receipt) => void;
  readonly onResponse: (kind: ResponseOutcome, afterMs: number) => void;
  /** Told of an exception of the provider. */
  readonly onFailure: (error: unknown) => void;
}

export interface LegWatch {
  /** The provider has answered, or the time is up. */
  readonly answered: Promise<void>;
  readonly result: Promise<LegResult>;
}

/**
 * Sends and waits for a final answer: delivered, rejected, unknown, or silence until the time is up. What comes
 * later changes nothing any more: the next leg may be under way, and the customer is not contacted or billed twice.
 */
export function sendAndWatch(
  provider: ChannelProvider,
  order: SendOrder,
  options: LegWatchOptions,
): LegWatch {
  let over = false;
  let settle!: (result: LegResult) => void;
  const settled = new Promise<LegResult>((resolve) => (settle = resolve));
  /** In a replay the wall may be too coarse to tell a late answer from one in time; its own time tells. */
  const take = (answer: Exclude<SendResult, { status: "accepted" }>): void => {
    const tells = answer.status === "delivered" || answer.status === "rejected";
    const late = tells && answer.afterMs > order.receiptTimeoutMs;
    if (over || late) {
      if (tells) options.onLateReceipt(answer);
      return;
    }
    over = true;
    settle(answer);
  };
  const reports: Reports = {
    receipt: take,
    response: (kind, afterMs) => options.onResponse(kind, afterMs),
  };
  let answer!: () => void;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const send = async (): Promise<SendResult> => provider.send(order, reports);
  send().then(
    (result) => {
      if (result.status !== "accepted") take(result);
      answer();
    },
    (error: unknown) => {
      options.onFailure(error);
      take({ status: "unknown", reason: "provider_failed", afterMs: 0 });
      answer();
    },
  );
  // Set after the provider's own timers, so that of two that are due at once the provider's come first.
  const timer = setTimeout(
    () => {
      if (over) return;
      over = true;
      settle({ status: "silent", afterMs: order.receiptTimeoutMs });
    },
    Math.min(options.waitMs, MAX_TIMEOUT_MS),
  );
  const result = settled.finally(() => clearTimeout(timer));
  return { answered: Promise.race([answered, result.then(() => undefined)]), result };
}

/** Longest delay that setTimeout keeps. */
export const MAX_TIMEOUT_MS = 2_147_483_647;
