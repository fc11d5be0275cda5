/** Checks of journeys that a schema cannot express, each in the file of its subject. */
import type { JourneyDefinition, Purpose } from "#contracts";
import { checkActions, type Actions } from "./action-checks.js";
import { checkConflicts } from "./conflict-checks.js";
import type { DefinitionFile } from "./definition-file.js";
import { checkEventFields, type EventFields } from "./field-checks.js";
import { checkEventTypes, checkExpressions } from "./reference-checks.js";
import { checkSteps } from "./step-checks.js";
import { checkLookups, withTables, type Tables } from "./tables.js";

type JourneyFile = DefinitionFile<JourneyDefinition>;

/** What a journey is checked against. What is left out is not known, and nothing is checked against it. */
export interface Surroundings {
  readonly actions?: Actions | undefined;
  /** Purposes for which a policy pack has a rule. */
  readonly purposes?: ReadonlySet<Purpose> | undefined;
  /** Event types that are declared, or that a signal counts. */
  readonly events?: ReadonlySet<string> | undefined;
  /** Fields of the events that declare any. */
  readonly fields?: EventFields | undefined;
  /** Ids of the windows of `signals/`. */
  readonly windows?: ReadonlySet<string> | undefined;
  /** Journeys that are published; those in the files are known without. */
  readonly published?: readonly JourneyDefinition[] | undefined;
  /** Their rows are put into the journeys that read them. */
  readonly tables?: Tables | undefined;
}

/** Checks all journeys, against what is around them and against each other. */
export function checkJourneys(files: readonly JourneyFile[], around: Surroundings): void {
  const versions = new Map<string, string>();
  const journeys = [
    ...(around.published ?? []),
    ...files.flatMap((f) => (f.value === undefined ? [] : [f.value])),
  ];
  for (const file of files) {
    const journey = file.value;
    if (!journey) continue;
    const key = `${journey.id}@${journey.version}`;
    const before = versions.get(key);
    if (before)
      file.report(
        ["version"],
        `journey ${key} is already defined in ${before}; a change needs a new version`,
      );
    else versions.set(key, file.name);
    checkExpressions(file, journey, around.windows);
    checkEventTypes(file, journey, around.events && knownTo(journey, around.events, journeys));
    if (around.fields) checkEventFields(file, journey, around.fields);
    checkSteps(file, journey);
    checkCap(file, journey);
    checkConcurrency(file, journey);
    if (around.actions) {
      checkActions(file, journey, around.actions, around.purposes, around.fields);
      checkConflicts(file, journey, journeys, around.actions);
    }
    const { tables } = around;
    if (!tables) continue;
    checkLookups(file, tables);
    file.rewrite((value) => withTables(value, tables));
  }
}

/** What is declared, and what starts another journey. */
function knownTo(
  journey: JourneyDefinition,
  declared: ReadonlySet<string>,
  all: readonly JourneyDefinition[],
): ReadonlySet<string> {
  const triggers = all.filter((j) => j.id !== journey.id).flatMap((j) => [j.trigger.event].flat());
  return new Set([...declared, ...triggers]);
}

function checkConcurrency(file: JourneyFile, journey: JourneyDefinition): void {
  if (journey.concurrency !== undefined && journey.entry.rule !== "per-key")
    file.report(
      ["concurrency"],
      `counts instances side by side, and with entry rule ${journey.entry.rule} there is one`,
      { suggestion: "use rule per-key, or leave it out" },
    );
}

function checkCap(file: JourneyFile, journey: JourneyDefinition): void {
  if (journey.purpose === "marketing" && !journey.cap)
    file.warn(["purpose"], "this marketing journey has no cap of its own", {
      suggestion:
        "add cap: { contacts: 3, period: 30d }, or what fits; the caps of the policies hold as well",
    });
}
