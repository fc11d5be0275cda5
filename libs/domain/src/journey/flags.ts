/**
 * Changes of the engine that alter what a replay yields. A running instance keeps the behaviour that it began with: the
 * version of the engine at entry stands in it (`engine`), and every such change asks `behaves` first. A flag's number is
 * the version since which it holds. Flags are never renumbered nor removed while an instance may run that is older;
 * `test/histories` holds histories recorded by each version, which must replay to the same bytes.
 */
import type { JourneyInstance } from "#contracts";

export const FLAGS = {
  /**
   * 1. One best next action. Marketing steps that speak run after everything else of the moment, by priority; once one has
   * ordered a contact, those of other journeys go on to `otherwise`. Before, instances ran in the order of their entry, and
   * several journeys could speak at the same event.
   */
  oneBestNextAction: 1,
  /**
   * 2. Waits that fall due at the same instant end together, so that the journeys behind them compete for the next word.
   * Before, each was followed to its next wait before the next one ended.
   */
  sameInstant: 2,
  /**
   * 3. Correlation. An instance entered under a key keeps it, and events under another value of that key do not concern it.
   * Before, exits, goals and waits of a keyed journey heard every event of the customer.
   */
  correlation: 3,
  /**
   * 4. Engagement. Commands say what they are about, and from the first of them on outcomes are folded into how the customer
   * takes what is said. Before, neither was kept.
   */
  engagement: 4,
} as const;

/** What new instances get. */
export const ENGINE_VERSION = 4;

/** True when the change holds for this instance. */
export function behaves(instance: Pick<JourneyInstance, "engine">, flag: number): boolean {
  return (instance.engine ?? 0) >= flag;
}
