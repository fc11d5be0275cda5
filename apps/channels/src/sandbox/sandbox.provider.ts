/** A provider for the embedded run that behaves like a real one: latency, refusals, late and lost receipts, responses. */
import type { Clock } from "#clock";
import { MAX_TIMEOUT_MS } from "../leg-watch.js";
import type { ChannelProvider, Receipt, Reports, SendOrder, SendResult } from "../provider.port.js";
import { behaviourOf, type Behaviour, type SandboxFault } from "./sandbox-behaviour.js";
import type { Ledger } from "./sandbox-ledger.js";
import type { SandboxProfile } from "./sandbox-profile.js";
import { testCaseOf, type TestCase } from "./sandbox-test-cases.js";

export interface SandboxOptions {
  readonly seed: string;
  readonly profile: SandboxProfile;
  readonly fault?: SandboxFault | undefined;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** What the provider does with the order before it answers, and what it brings back. */
  readonly carryOut?: (order: SendOrder) => Record<string, unknown> | undefined;
}

/** Responses that are kept waiting for their time; beyond, customers stay silent. */
const MAX_PENDING = 20_000;

export class SandboxProvider implements ChannelProvider {
  readonly name = "sandbox";
  readonly time = "segue";
  readonly #options: SandboxOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  send(order: SendOrder, reports: Reports): Promise<SendResult> {
    const { seed, profile, fault, ledger, carryOut } = this.#options;
    ledger(order);
    const result = carryOut?.(order);
    const test = testCaseOf(order);
    // What was forced for a whole channel counts for everybody.
    const b = silenced(behaviourOf(seed, order, profile, fault ?? test?.fault), test);
    const delivered = (afterMs: number): Receipt => ({
      status: "delivered",
      afterMs,
      ...(result ? { result } : {}),
    });
    const { receipt } = b;
    // Everything is timed from the send, so that the order of events does not depend on how late a timer fires.
    const answer = this.#answer(b, delivered, test);
    if (receipt) {
      this.#later(receipt.afterMs, () =>
        reports.receipt(receipt.status === "delivered" ? delivered(receipt.afterMs) : receipt),
      );
    }
    for (const { kind, afterMs } of b.responses) {
      if (this.#timers.size < MAX_PENDING) this.#later(afterMs, () => reports.response(kind, afterMs));
    }
    return answer;
  }

  close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    return Promise.resolve();
  }

  #answer(
    b: Behaviour,
    delivered: (afterMs: number) => Receipt,
    test: TestCase | undefined,
  ): Promise<SendResult> {
    return new Promise((resolve) => {
      if (b.answer === "hang") return;
      const { answer, answerAfterMs: afterMs } = b;
      this.#later(afterMs, () => {
        if (answer === "delivered") resolve(delivered(afterMs));
        else if (answer === "rejected")
          resolve({
            status: "rejected",
            reason: test?.reason ?? "provider_rejected",
            afterMs,
            ...(test?.result ? { result: test.result } : {}),
          });
        else resolve({ status: "accepted", afterMs });
      });
    });
  }

  #later(afterMs: number, act: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        act();
      },
      Math.min(this.#options.clock.wallMs(afterMs), MAX_TIMEOUT_MS),
    );
    this.#timers.add(timer);
  }
}

/** Customers and cards of a test case do nothing of their own accord. */
function silenced(b: Behaviour, test: TestCase | undefined): Behaviour {
  return test ? { ...b, responses: [] } : b;
}
