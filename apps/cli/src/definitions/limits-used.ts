/** How much of the quotas and budgets of a catalogue is used. */
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { limitEntryV1, LIMITS_STREAM, subjects, type CatalogueDefinition } from "#contracts";
import { LimitLedger, limitsOf } from "#domain";
import { storedMessages } from "#messaging";

export interface LimitUsed {
  readonly action: string;
  readonly limit: "quota" | "budget";
  readonly used: number;
  readonly of: number;
  /** Of the rolling period, as the catalogue says it; absent: ever. */
  readonly period?: string;
}

/** Of each action that has a limit, in the order of the catalogue. `at`: epoch ms. */
export async function limitsUsed(
  nc: NatsConnection,
  { actions }: CatalogueDefinition,
  at: number,
): Promise<LimitUsed[]> {
  const { direct } = await jetstreamManager(nc);
  const found: LimitUsed[] = [];
  for (const action of actions) {
    const { id, quota, budget } = action;
    if (!quota && !budget) continue;
    const ledger = new LimitLedger();
    for await (const message of storedMessages(direct, LIMITS_STREAM, subjects.limit(id)))
      ledger.apply(limitEntryV1.parse(message.json()));
    const limits = limitsOf(action);
    if (quota)
      found.push({
        action: id,
        limit: "quota",
        used: ledger.used(limits.quota?.periodMs, at).count,
        of: quota.count,
        ...(quota.period === undefined ? {} : { period: quota.period }),
      });
    if (budget)
      found.push({
        action: id,
        limit: "budget",
        used: ledger.used(limits.budget?.periodMs, at).cost,
        of: budget.amount,
        ...(budget.period === undefined ? {} : { period: budget.period }),
      });
  }
  return found;
}

/** One line each. */
export function limitsText(used: readonly LimitUsed[]): string {
  return used
    .map(
      ({ action, limit, used: n, of, period }) =>
        `${action}: ${n} of ${of} of its ${limit} used${period === undefined ? "" : ` in ${period}`}\n`,
    )
    .join("");
}
