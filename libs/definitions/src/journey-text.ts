/** One journey as text (YAML or JSON) that lies in no folder yet. */
import { journeyV1, type JourneyDefinition } from "#contracts";
import type { Problem } from "./definition-error.js";
import { DefinitionFile } from "./definition-file.js";
import { checkJourneys } from "./journey-checks.js";
import type { Actions } from "./action-checks.js";

/** The journey when it can be used, and everything that is wrong with it. */
export function readJourney(
  name: string,
  text: string,
  actions: Actions,
): { readonly journey: JourneyDefinition | undefined; readonly problems: readonly Problem[] } {
  const file = new DefinitionFile<JourneyDefinition>(name, text, journeyV1);
  checkJourneys([file], { actions });
  const { problems } = file;
  return { journey: problems.length === 0 ? file.value : undefined, problems };
}
