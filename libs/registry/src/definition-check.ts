/** The checks of libs/definitions, as the registry asks them. */
import type { JourneyDefinition } from "#contracts";
import { formatProblem, validateJourney, type Surroundings } from "#definitions";
import type { Check } from "./journey-registry.js";

/** Checks a stored version against the catalogue, packs and events of today. */
export function checkAgainst(around: () => Surroundings): Check {
  return (definition: JourneyDefinition) =>
    validateJourney(
      { name: `${definition.id}@${definition.version}`, text: JSON.stringify(definition, null, 2) },
      around(),
    ).problems.map(formatProblem);
}
