/**
 * Changes of the decision that alter what a replay yields, as `libs/domain/src/journey/flags.ts` holds them for journeys. A
 * record names the version of the arithmetic that made it (`engine`), and is computed again with that one (I9).
 */
export const DECISION_FLAGS = {
  /**
   * 1. A score is propensity × value × context × lever, less the cost; a factor that is off or has nothing to say does not
   * appear. Before, it was value × weight, and both always stood in the record.
   */
  fourFactors: 1,
} as const;

/** What new decisions are made with. */
export const DECISION_ENGINE = 1;
