/** All checks over the collected ledgers. Pure: the same ledgers give the same findings. */
import { checkChain } from "./check-chain.js";
import { checkEvents } from "./check-events.js";
import { checkSends, type SendCheckOptions } from "./check-sends.js";
import type { Report, Violation } from "./checks.js";
import type { Ledgers } from "./ledgers.js";

export interface CheckOptions extends SendCheckOptions {
  /** Events besides the unreadable ones that may stand in DLQ instead of the context; default none. */
  readonly mayBeDead?: (event: { readonly id: string; readonly type: string }) => boolean;
  /** How long the row waits until all is quiet. */
  readonly quietWithinMs?: number;
}

export function check(ledgers: Ledgers, options: CheckOptions = {}): Violation[] {
  const violations: Violation[] = [];
  const report: Report = (invariant, customerId, expected, ...found) =>
    violations.push({ invariant, expected, found, ...(customerId === undefined ? {} : { customerId }) });
  checkEvents(ledgers, report, options.mayBeDead ?? (() => false));
  checkChain(ledgers, report);
  checkSends(ledgers, report, options);
  return violations;
}
