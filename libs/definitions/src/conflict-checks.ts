/**
 * Journeys that get in each other's way: the same event lets both speak to the same customers, on a common channel and
 * for the same purpose, and nothing says which of them goes first.
 */
import { DEFAULT_PRIORITY, type JourneyDefinition } from "#contracts";
import { contactsOf, type Actions } from "./action-checks.js";
import type { DefinitionFile } from "./definition-file.js";

/** Warns of each of the `others` that collides; of every journey only its newest version is looked at. */
export function checkConflicts(
  file: DefinitionFile<JourneyDefinition>,
  journey: JourneyDefinition,
  others: readonly JourneyDefinition[],
  actions: Actions,
): void {
  const own = contactsOf(journey, actions);
  const types = [journey.trigger.event].flat();
  for (const other of newest(others)) {
    if (other.id === journey.id || isDecided(journey, other)) continue;
    const shared = types.filter((t) => [other.trigger.event].flat().includes(t));
    if (shared.length === 0 || !conditionsOverlap(journey.trigger.when, other.trigger.when)) continue;
    const common = [...contactsOf(other, actions)].filter((c) => own.has(c));
    if (common.length === 0) continue;
    const audience =
      journey.trigger.when === undefined || other.trigger.when === undefined
        ? "one of them under every condition"
        : "under the same condition";
    file.warn(
      ["trigger", "event"],
      `journey ${JSON.stringify(other.id)} starts at ${shared.join(", ")} too, ${audience}, and may speak on the same channels (${common.join(", ")})`,
      { suggestion: "put both into one group, or give them different priorities" },
    );
  }
}

function isDecided(a: JourneyDefinition, b: JourneyDefinition): boolean {
  if (a.group !== undefined && a.group === b.group) return true;
  return (a.priority ?? DEFAULT_PRIORITY) !== (b.priority ?? DEFAULT_PRIORITY);
}

function newest(journeys: readonly JourneyDefinition[]): Iterable<JourneyDefinition> {
  const byId = new Map<string, JourneyDefinition>();
  for (const j of journeys) if ((byId.get(j.id)?.version ?? 0) < j.version) byId.set(j.id, j);
  return byId.values();
}

/**
 * True when one condition says all that the other says, so that every event of the narrower one starts both. By the
 * text of the parts joined by `&&`: whether two different texts can hold together is not decided here.
 */
export function conditionsOverlap(a: string | undefined, b: string | undefined): boolean {
  const left = conjuncts(a);
  const right = conjuncts(b);
  const within = (x: ReadonlySet<string>, y: ReadonlySet<string>): boolean => [...x].every((c) => y.has(c));
  return within(left, right) || within(right, left);
}

/** The parts of a condition that all have to hold, without spaces outside of texts; presence tests only guard others. */
function conjuncts(condition: string | undefined): ReadonlySet<string> {
  const parts = [""];
  let alternatives = false;
  let depth = 0;
  let quote = "";
  const source = condition ?? "";
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    const add = (text: string): void => void (parts[parts.length - 1] += text);
    if (quote !== "") {
      add(c === "\\" ? c + (source[++i] ?? "") : c);
      if (c === quote) quote = "";
    } else if (depth === 0 && source.startsWith("&&", i)) {
      parts.push("");
      i++;
    } else if (!/\s/.test(c)) {
      if (c === '"' || c === "'") quote = c;
      if ("([{".includes(c)) depth++;
      if (")]}".includes(c)) depth--;
      alternatives ||= depth === 0 && (c === "?" || source.startsWith("||", i));
      add(c);
    }
  }
  // "and" binds tighter than "or": with an "or" outside of all brackets the parts do not all have to hold.
  if (alternatives) return new Set([parts.join("&&")]);
  return new Set(parts.filter((p) => p !== "" && !/^has\([^()]*\)$/.test(p)));
}
