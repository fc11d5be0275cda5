/** Checks of a journey's steps: names that must lead somewhere, steps that must be reached, ways that must end. */
import { assertNever, type JourneyDefinition, type StepDefinition } from "#contracts";
import type { DefinitionFile } from "./definition-file.js";
import { graphOf, spread, type JourneyGraph } from "./journey-graph.js";
import { didYouMean } from "./suggestion.js";

type JourneyFile = DefinitionFile<JourneyDefinition>;

/** Step types that order something, and can therefore fail. */
const ORDERING = new Set<StepDefinition["type"]>(["decide", "send", "route", "execute"]);

export function checkSteps(file: JourneyFile, journey: JourneyDefinition): void {
  const graph = graphOf(journey);
  checkNames(file, journey, graph);
  checkFallbacks(file, journey);
  checkReached(file, journey, graph);
  checkEnds(file, journey, graph);
  checkBranches(file, journey, graph);
  checkOutcomes(file, journey, graph);
  checkGoal(file, journey);
}

const quoted = (step: StepDefinition): string => JSON.stringify(step.id);

function checkNames(file: JourneyFile, journey: JourneyDefinition, graph: JourneyGraph): void {
  for (const [i, step] of journey.steps.entries()) {
    if (graph.index.get(step.id) !== i)
      file.report(["steps", i, "id"], `a second step ${quoted(step)}: step ids are unique within a journey`);
    if (step.type === "wait" && step.next !== undefined && step.onTimeout !== undefined)
      file.warn(["steps", i, "next"], "is never taken: when the wait is over it goes to `onTimeout`", {
        suggestion: "remove one of the two",
      });
  }
  const goal = journey.goal?.goto;
  const named = graph.edges.flat();
  for (const { to, path } of goal === undefined ? named : [...named, { to: goal, path: ["goal", "goto"] }]) {
    if (!graph.index.has(to))
      file.report(path, `there is no step ${JSON.stringify(to)}`, {
        suggestion: didYouMean(to, graph.index.keys()),
      });
  }
}

/** What can fail says what happens then; otherwise a journey that could say nothing would look like one that did. */
function checkFallbacks(file: JourneyFile, journey: JourneyDefinition): void {
  for (const [i, step] of journey.steps.entries()) {
    if (ORDERING.has(step.type) && !("otherwise" in step && step.otherwise !== undefined))
      file.report(["steps", i], `step ${quoted(step)} does not say where to go when it cannot be done`, {
        suggestion: "add otherwise: <step>, for when nothing may be said or no answer comes",
      });
  }
}

function checkReached(file: JourneyFile, journey: JourneyDefinition, graph: JourneyGraph): void {
  // What is not reached may only be so because of a misspelt name, which is reported: one mistake, one problem.
  if (graph.edges.flat().some(({ to }) => !graph.index.has(to))) return;
  for (const [i, step] of journey.steps.entries()) {
    if (graph.reached.has(i)) continue;
    const what = step.type === "exit" ? `exit ${quoted(step)}` : `step ${quoted(step)}`;
    file.report(["steps", i, "id"], `${what} is never reached`, {
      suggestion: "let a step lead to it, or remove it",
    });
  }
}

function checkEnds(file: JourneyFile, journey: JourneyDefinition, graph: JourneyGraph): void {
  const { steps } = journey;
  const circles = circlesWithoutWait(steps, graph);
  for (const i of circles) {
    file.report(
      ["steps", i, "id"],
      `step ${quoted(steps[i]!)} leads back to itself without a wait in between`,
      {
        suggestion: "put a wait into the circle, or let it end",
      },
    );
  }
  if (circles.length > 0) return;
  const before = steps.map((): number[] => []);
  for (const i of steps.keys()) for (const j of graph.follow(i)) before[j]!.push(i);
  const ending = [...steps.keys()].filter((i) => mayEnd(steps[i]!));
  const ends = spread(ending, (i) => before[i]!);
  const stuck = steps.findIndex((_, i) => graph.reached.has(i) && !ends.has(i));
  if (stuck === -1) return;
  const cause = `no end can be reached from step ${quoted(steps[stuck]!)}: it goes round for ever`;
  // An event may still end it; without one, only the engine's bound on steps would.
  const leaves = journey.exitOn !== undefined || (journey.goal && journey.goal.goto === undefined);
  const more = { suggestion: "let a step of the circle lead to an exit" };
  if (leaves) file.warn(["steps", stuck, "id"], `${cause} unless an event ends the journey`, more);
  else file.report(["steps", stuck, "id"], cause, more);
}

/** True when the journey may end at this step: it is an exit, or one of its ways leads nowhere. */
function mayEnd(step: StepDefinition): boolean {
  switch (step.type) {
    case "exit":
      return true;
    case "branch":
      return false;
    case "wait":
      return step.onTimeout === undefined && step.next === undefined;
    case "decide":
    case "send":
    case "route":
    case "execute":
    case "parallel":
    case "update":
      return step.next === undefined;
    default:
      return assertNever(step);
  }
}

/** First step of each circle that no wait interrupts: an instance would run in it without end. */
function circlesWithoutWait(steps: readonly StepDefinition[], graph: JourneyGraph): number[] {
  const found: number[] = [];
  const state = new Map<number, "open" | "done">();
  const visit = (i: number): void => {
    if (state.get(i) === "open") found.push(i);
    if (state.has(i) || alwaysWaits(steps[i]!)) return;
    state.set(i, "open");
    for (const j of graph.follow(i)) visit(j);
    state.set(i, "done");
  };
  for (const i of steps.keys()) visit(i);
  return found;
}

/** A date may be past, and then its wait ends at once. */
function alwaysWaits(step: StepDefinition): boolean {
  return step.type === "wait" && !(step.until && "date" in step.until);
}

/** A branch is named once, and does not lead back to the step that starts it: it would start itself anew, ever deeper. */
function checkBranches(file: JourneyFile, journey: JourneyDefinition, graph: JourneyGraph): void {
  for (const [i, step] of journey.steps.entries()) {
    if (step.type !== "parallel") continue;
    const names = new Set<string>();
    for (const [b, { id, first }] of step.branches.entries()) {
      const path = ["steps", i, "branches", b];
      if (names.has(id)) file.report([...path, "id"], `a second branch ${JSON.stringify(id)}`);
      names.add(id);
      const start = graph.index.get(first);
      if (start !== undefined && spread([start], graph.follow).has(i))
        file.report(
          [...path, "first"],
          `branch ${JSON.stringify(id)} leads back to ${quoted(step)}, which starts it`,
          { suggestion: "end the branch, and go on from the parallel step's next" },
        );
    }
  }
}

/** A wait for the outcome of a command is in vain where no step before it can have ordered one. */
function checkOutcomes(file: JourneyFile, journey: JourneyDefinition, graph: JourneyGraph): void {
  const ordering = [...journey.steps.keys()].filter((i) => ORDERING.has(journey.steps[i]!.type));
  const afterOrder = spread(ordering.flatMap(graph.follow), graph.follow);
  for (const [i, step] of journey.steps.entries()) {
    if (step.type !== "wait" || afterOrder.has(i) || !graph.reached.has(i)) continue;
    for (const [c, w] of (step.for ?? []).entries())
      if ("outcome" in w)
        file.report(
          ["steps", i, "for", c, "outcome"],
          "this outcome never comes: no step before this wait orders anything",
        );
  }
}

function checkGoal(file: JourneyFile, journey: JourneyDefinition): void {
  const { goal } = journey;
  if (!goal) return;
  const inVain = (why: string, suggestion: string): void =>
    file.report(["goal"], `the goal can never be reached: ${why}`, { suggestion, key: true });
  if (!journey.steps.some((s) => s.type === "wait"))
    return inVain(
      "no step waits, so the journey has ended before another event can come",
      "add a wait, or remove the goal",
    );
  const left = new Set(
    (journey.exitOn ?? []).filter((e) => e.when === undefined).flatMap((e) => [e.event].flat()),
  );
  const types = [goal.event].flat();
  if (types.every((t) => left.has(t)))
    inVain(
      `${types.join(", ")} ends the journey first (exitOn)`,
      "give the exit a condition, or remove one of the two",
    );
}
