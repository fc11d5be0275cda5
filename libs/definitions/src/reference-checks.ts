/** Checks of what a journey refers to outside of itself, the catalogue apart: expressions and event types. */
import { eventTypes, isEventType, type JourneyDefinition } from "#contracts";
import type { DefinitionFile, Path } from "./definition-file.js";
import { checkExpression, type ExpressionKind, type ExpressionScope } from "./expressions.js";
import { didYouMean } from "./suggestion.js";

type JourneyFile = DefinitionFile<JourneyDefinition>;

/** Without `windows` every window counts as known. */
export function checkExpressions(
  file: JourneyFile,
  journey: JourneyDefinition,
  windows: ReadonlySet<string> | undefined,
): void {
  const check = (
    source: string | undefined,
    scope: ExpressionScope,
    path: Path,
    kind: ExpressionKind = "condition",
  ): void => {
    const problem = source === undefined ? undefined : checkExpression(source, kind, scope, windows);
    if (problem) file.report(path, problem.cause, problem);
  };
  check(journey.trigger.when, "event", ["trigger", "when"]);
  if (journey.entry.rule === "per-key") check(journey.entry.key, "event", ["entry", "key"], "value");
  for (const [i, e] of (journey.exitOn ?? []).entries()) check(e.when, "instance", ["exitOn", i, "when"]);
  check(journey.goal?.when, "instance", ["goal", "when"]);
  for (const [i, step] of journey.steps.entries()) {
    if (step.type === "branch")
      for (const [c, { when }] of step.cases.entries())
        check(when, "instance", ["steps", i, "cases", c, "when"]);
    if (step.type === "update")
      for (const [name, source] of Object.entries(step.set))
        check(source, "instance", ["steps", i, "set", name], "scalar");
    if (step.type !== "wait") continue;
    if (step.until && "date" in step.until)
      check(step.until.date, "instance", ["steps", i, "until", "date"], "scalar");
    for (const [c, w] of (step.for ?? []).entries())
      if ("event" in w) check(w.when, "instance", ["steps", i, "for", c, "when"]);
  }
}

/** Event types that Segue itself knows, whatever is declared. */
const BUILT_IN = new Set<string>([
  eventTypes.registered,
  eventTypes.consentChanged,
  eventTypes.holdPlaced,
  eventTypes.holdLifted,
]);

/** Event types must be well-formed; with `known`, one that nothing else names is a warning. */
export function checkEventTypes(
  file: JourneyFile,
  journey: JourneyDefinition,
  known: ReadonlySet<string> | undefined,
): void {
  for (const { type, path } of eventTypesOf(journey)) {
    if (!isEventType(type))
      file.report(
        path,
        `${JSON.stringify(type)} is no event type: up to 8 tokens of A-Z a-z 0-9 _ - joined by dots`,
      );
    else if (known && !known.has(type) && !BUILT_IN.has(type) && !isOutcomeType(type))
      file.warn(path, `no event of type ${JSON.stringify(type)} is known`, {
        suggestion: didYouMean(type, [...known, ...BUILT_IN]) ?? "if it does come, declare it in events/",
      });
  }
}

const isOutcomeType = (type: string): boolean => type.startsWith(`${eventTypes.outcomeFamily}.`);

/** Every event type that a journey names, with the place. */
export function eventTypesOf(
  journey: JourneyDefinition,
): readonly { readonly type: string; readonly path: Path }[] {
  const found: { type: string; path: Path }[] = [];
  const add = (types: string | readonly string[], path: Path): void => {
    if (typeof types === "string") found.push({ type: types, path });
    else for (const [i, type] of types.entries()) found.push({ type, path: [...path, i] });
  };
  add(journey.trigger.event, ["trigger", "event"]);
  for (const [i, e] of (journey.exitOn ?? []).entries()) add(e.event, ["exitOn", i, "event"]);
  if (journey.goal) add(journey.goal.event, ["goal", "event"]);
  for (const [i, step] of journey.steps.entries()) {
    if (step.type !== "wait") continue;
    for (const [c, w] of (step.for ?? []).entries())
      if ("event" in w) add(w.event, ["steps", i, "for", c, "event"]);
  }
  return found;
}
