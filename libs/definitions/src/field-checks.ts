/** Fields of events that conditions read, held against the vocabularies in `events/`: a misspelt one is never there. */
import type { JourneyDefinition } from "#contracts";
import type { DefinitionFile, Path } from "./definition-file.js";
import { didYouMean } from "./suggestion.js";

/** The fields of each event type that declares any. */
export type EventFields = ReadonlyMap<string, ReadonlySet<string>>;

type Types = string | readonly string[];

interface FieldRead {
  readonly variable: "event" | "trigger";
  readonly field: string;
  readonly offset: number;
}

/** The fields that an expression reads, each once: `has(…) && …` reads one twice, and it is one mistake. */
function fieldsRead(source: string): readonly FieldRead[] {
  const reads = new Map<string, FieldRead>();
  // A text between quotes that looks like a field is taken for one: it costs a warning, where a parser costs a page.
  for (const found of source.matchAll(/\b(event|trigger)\.data\.([A-Za-z_]\w*)(?!\w*\()/g)) {
    const [whole, variable, field] = found as unknown as [string, FieldRead["variable"], string];
    if (!reads.has(whole))
      reads.set(whole, { variable, field, offset: found.index + whole.length - field.length });
  }
  return [...reads.values()];
}

/**
 * Where any event may have led to the expression, as in a catalogue or a model: a field that no event at all declares is a
 * warning. `fields`: those that some event declares; left out when the events are not known.
 */
export function checkFieldsOfAnyEvent(
  file: Pick<DefinitionFile<unknown>, "warn">,
  source: string,
  path: Path,
  fields: ReadonlySet<string> | undefined,
): void {
  if (!fields) return;
  for (const { field, offset } of fieldsRead(source))
    if (!fields.has(field))
      file.warn(path, `no event declares a field ${JSON.stringify(field)}`, {
        offset,
        suggestion: didYouMean(field, fields) ?? "if it does come, declare it in events/",
      });
}

/** A field that none of the events at that place declares is a warning; an event that declares no fields may carry any. */
export function checkEventFields(
  file: DefinitionFile<JourneyDefinition>,
  journey: JourneyDefinition,
  declared: EventFields,
): void {
  const check = (source: string | undefined, path: Path, event?: Types): void => {
    if (source === undefined) return;
    for (const { variable, field, offset } of fieldsRead(source)) {
      // At a branch it is the event that led there, whichever that was.
      const types = variable === "trigger" ? journey.trigger.event : event;
      if (types === undefined) continue;
      const fields = [types].flat().map((type) => declared.get(type));
      if (fields.some((f) => f === undefined || f.has(field))) continue;
      const known = fields.flatMap((f) => [...f!]);
      file.warn(path, `${[types].flat().join(", ")} declares no field ${JSON.stringify(field)}`, {
        offset,
        suggestion: didYouMean(field, known) ?? "if it does come, declare it in events/",
      });
    }
  };
  const { trigger, entry, exitOn = [], goal } = journey;
  check(trigger.when, ["trigger", "when"], trigger.event);
  if (entry.rule === "per-key") check(entry.key, ["entry", "key"], trigger.event);
  for (const [i, e] of exitOn.entries()) check(e.when, ["exitOn", i, "when"], e.event);
  if (goal) check(goal.when, ["goal", "when"], goal.event);
  for (const [i, step] of journey.steps.entries()) {
    if (step.type === "branch")
      for (const [c, { when }] of step.cases.entries()) check(when, ["steps", i, "cases", c, "when"]);
    if (step.type === "update")
      for (const [name, source] of Object.entries(step.set)) check(source, ["steps", i, "set", name]);
    if (step.type !== "wait") continue;
    if (step.until && "date" in step.until) check(step.until.date, ["steps", i, "until", "date"]);
    for (const [c, w] of (step.for ?? []).entries())
      if ("event" in w) check(w.when, ["steps", i, "for", c, "when"], w.event);
  }
}
