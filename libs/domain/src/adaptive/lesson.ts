import { isTerminal, type Channel, type ModelDefinition, type OutcomeKind } from "#contracts";

/** What became of an order within the horizon, in the order of the audit. */
export interface Told {
  readonly outcome: OutcomeKind;
  readonly channel: Channel;
}

/** What a settled order teaches: a success or none, on the channel that carried it. */
export interface Lesson {
  readonly label: 0 | 1;
  readonly channel: Channel;
}

/**
 * A success where one of the model's responses came; none where the order was delivered, or answered otherwise. `undefined` where
 * nobody knows that the customer had it: what was not seen says nothing about how likely it succeeds.
 */
export function lessonOf(told: readonly Told[], success: ModelDefinition["success"]): Lesson | undefined {
  const ended = told.find((t) => isTerminal(t.outcome));
  const response = told.find((t) => !isTerminal(t.outcome));
  const good = told.some((t) => (success as readonly OutcomeKind[]).includes(t.outcome));
  const channel = (ended ?? response)?.channel;
  if (channel === undefined || (response === undefined && ended?.outcome !== "delivered")) return undefined;
  return { label: good ? 1 : 0, channel };
}
