/** The checks of libs/definitions, as the registry asks them. */
import type { CatalogueDefinition, JourneyDefinition, PolicyPackDefinition } from "#contracts";
import {
  formatProblem,
  readSurroundings,
  validateJourney,
  validatePublication,
  type Surroundings,
} from "#definitions";
import type { Check } from "./release-log.js";

/** There is nothing to check a journey against. */
export class CatalogueMissing extends Error {
  override readonly name = "CatalogueMissing";
}

/** What journeys are checked against below `dir`. Throws CatalogueMissing when there is no usable catalogue: half the checks would pass unseen. */
export function readCheckedSurroundings(dir: string): Surroundings {
  const around = readSurroundings(dir);
  if (around.actions) return around;
  throw new CatalogueMissing(
    `${JSON.stringify(dir)} holds no catalogue that can be used, so that no journey can be checked against it: name the folder with catalogue/, policies/ and journeys/`,
  );
}

/** Checks a stored version against the catalogue, packs and events of today. */
export function checkAgainst(around: () => Surroundings): Check<JourneyDefinition> {
  return (definition) =>
    validateJourney(
      { name: `${definition.id}@${definition.version}`, text: JSON.stringify(definition, null, 2) },
      around(),
    ).problems.map(formatProblem);
}

/** Checks a catalogue or policy pack among the definitions below `dir`: itself, and the journeys that rely on it. */
export function checkAmong(dir: string): Check<CatalogueDefinition | PolicyPackDefinition> {
  return (definition) =>
    validatePublication(dir, {
      name: `${definition.id}@${definition.version}`,
      text: JSON.stringify(definition, null, 2),
    }).problems.map(formatProblem);
}
