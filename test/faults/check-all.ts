/** All checks over the collected ledgers. Pure: the same ledgers give the same findings. */
import { checkChain } from "./check-chain.js";
import { checkEvents } from "./check-events.js";
import { checkSends, type SendCheckOptions } from "./check-sends.js";
import type { Report, Violation } from "./checks.js";
import type { Ledgers } from "./ledgers.js";

export interface CheckOptions extends SendCheckOptions {
  /** Customers whose events the row checks by itself. */
  readonly apart?: (customerId: string) => boolean;
  /** Events besides the unreadable ones that may stand in DLQ instead of the context; default none. */
  readonly mayBeDead?: (event: { readonly id: string; readonly type: string }) => boolean;
}

export function check(ledgers: Ledgers, options: CheckOptions = {}): Violation[] {
  const violations: Violation[] = [];
  const report: Report = (invariant, customerId, expected, ...found) =>
    violations.push({ invariant, expected, found, ...(customerId === undefined ? {} : { customerId }) });
  const { apart = () => false, mayBeDead = () => false } = options;
  const evt = ledgers.evt.filter((m) => !apart(m.customerId));
  checkEvents({ ...ledgers, evt }, report, mayBeDead);
  checkChain(ledgers, report);
  checkSends(ledgers, report, options);
  return violations;
}
