/**
 * Checks of a journey that a schema cannot express: names that must lead somewhere, steps that must be reached,
 * expressions, and agreement with the catalogue.
 *
 * Order of steps: a journey starts at its first step. There is no falling through to the next one in the file: a step
 * goes where it says (`next`, `goto`, `otherwise`, `onTimeout`), and without any ends the journey, "completed".
 */
import {
  isEventType,
  type ActionDefinition,
  type Channel,
  type JourneyDefinition,
  type StepDefinition,
} from "#contracts";
import type { DefinitionFile, Path } from "./definition-file.js";
import { checkExpression, type ExpressionKind, type ExpressionScope } from "./expressions.js";
import { didYouMean } from "./suggestion.js";

type JourneyFile = DefinitionFile<JourneyDefinition>;
export type Actions = ReadonlyMap<string, ActionDefinition>;

/** Checks all journeys; `actions` is left out when the catalogue itself could not be read. */
export function checkJourneys(files: readonly JourneyFile[], actions: Actions | undefined): void {
  const versions = new Map<string, string>();
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
    checkExpressions(file, journey);
    checkEventTypes(file, journey);
    checkSteps(file, journey);
    for (const [i, step] of journey.steps.entries()) checkFallback(file, step, ["steps", i]);
    if (journey.concurrency !== undefined && journey.entry.rule !== "per-key")
      file.report(
        ["concurrency"],
        `counts instances side by side, and with entry rule ${journey.entry.rule} there is one: use rule per-key, or leave it out`,
      );
    if (actions)
      for (const [i, step] of journey.steps.entries()) checkActions(file, step, ["steps", i], actions);
  }
}

/** A name of a step, and the path where it is written. */
interface Target {
  readonly to: string;
  readonly path: Path;
}

function targetsOf(step: StepDefinition, base: Path): Target[] {
  const targets: Target[] = [];
  const add = (to: string | undefined, ...path: PropertyKey[]): void => {
    if (to !== undefined) targets.push({ to, path: [...base, ...path] });
  };
  if (step.type === "exit") return targets;
  add(step.next, "next");
  if ("onTimeout" in step) add(step.onTimeout, "onTimeout");
  if ("otherwise" in step) add(step.otherwise, "otherwise");
  if (step.type === "wait") for (const [i, c] of (step.for ?? []).entries()) add(c.goto, "for", i, "goto");
  if (step.type === "parallel")
    for (const [i, b] of step.branches.entries()) add(b.first, "branches", i, "first");
  if (step.type === "branch") for (const [i, c] of step.cases.entries()) add(c.goto, "cases", i, "goto");
  return targets;
}

/** Every step that can fail says what then. */
function checkFallback(file: JourneyFile, step: StepDefinition, base: Path): void {
  const canFail =
    step.type === "decide" || step.type === "send" || step.type === "route" || step.type === "execute";
  if (canFail && step.otherwise === undefined)
    file.report(
      [...base, "otherwise"],
      `is missing: the step to go to when nothing may or should be done here, or no decision could be had in time`,
    );
}

function checkSteps(file: JourneyFile, journey: JourneyDefinition): void {
  const index = new Map<string, number>();
  for (const [i, step] of journey.steps.entries()) {
    if (index.has(step.id))
      file.report(
        ["steps", i, "id"],
        `a second step ${JSON.stringify(step.id)}: step ids are unique within a journey`,
      );
    else index.set(step.id, i);
  }
  const edges = journey.steps.map((step, i) => targetsOf(step, ["steps", i]));
  const goal: Target[] = journey.goal?.goto ? [{ to: journey.goal.goto, path: ["goal", "goto"] }] : [];
  for (const { to, path } of [...edges.flat(), ...goal]) {
    if (!index.has(to))
      file.report(path, `there is no step ${JSON.stringify(to)}`, {
        suggestion: didYouMean(to, index.keys()),
      });
  }
  const follow = (i: number): number[] => edges[i]!.flatMap(({ to }) => index.get(to) ?? []);

  const reached = new Set<number>();
  const open = [0, ...goal.flatMap(({ to }) => index.get(to) ?? [])];
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (reached.has(i)) continue;
    reached.add(i);
    open.push(...follow(i));
  }
  for (const [i, step] of journey.steps.entries()) {
    if (!reached.has(i)) file.report(["steps", i, "id"], `step ${JSON.stringify(step.id)} is never reached`);
  }
  for (const [i, step] of journey.steps.entries()) {
    if (step.type === "parallel") checkBranches(file, step, i, index, follow);
  }
  for (const i of circlesWithoutWait(journey.steps, follow)) {
    file.report(
      ["steps", i, "id"],
      `step ${JSON.stringify(journey.steps[i]!.id)} leads back to itself without a wait in between`,
    );
  }
}

/** A branch is named once, and does not lead back to the step that starts it: it would start itself anew, ever deeper. */
function checkBranches(
  file: JourneyFile,
  step: Extract<StepDefinition, { type: "parallel" }>,
  at: number,
  index: ReadonlyMap<string, number>,
  follow: (i: number) => number[],
): void {
  const names = new Set<string>();
  for (const [b, branch] of step.branches.entries()) {
    const path = ["steps", at, "branches", b];
    if (names.has(branch.id)) file.report([...path, "id"], `a second branch ${JSON.stringify(branch.id)}`);
    names.add(branch.id);
    const seen = new Set<number>();
    const open = [index.get(branch.first) ?? []].flat();
    for (let i = open.pop(); i !== undefined; i = open.pop()) {
      if (seen.has(i)) continue;
      seen.add(i);
      open.push(...follow(i));
    }
    if (seen.has(at))
      file.report(
        [...path, "first"],
        `branch ${JSON.stringify(branch.id)} leads back to ${JSON.stringify(step.id)}, which starts it`,
      );
  }
}

/** First step of each circle that no wait interrupts: an instance would run in it without end. */
function circlesWithoutWait(steps: readonly StepDefinition[], follow: (i: number) => number[]): number[] {
  const found: number[] = [];
  const state = new Map<number, "open" | "done">();
  const visit = (i: number): void => {
    if (state.get(i) === "open") found.push(i);
    if (state.has(i) || alwaysWaits(steps[i]!)) return;
    state.set(i, "open");
    for (const j of follow(i)) visit(j);
    state.set(i, "done");
  };
  for (const i of steps.keys()) visit(i);
  return found;
}

/** A date may be past, and then its wait ends at once. */
function alwaysWaits(step: StepDefinition): boolean {
  return step.type === "wait" && !(step.until && "date" in step.until);
}

function checkExpressions(file: JourneyFile, journey: JourneyDefinition): void {
  const check = (
    source: string | undefined,
    scope: ExpressionScope,
    path: Path,
    kind: ExpressionKind = "condition",
  ): void => {
    const problem = source === undefined ? undefined : checkExpression(source, kind, scope);
    if (problem) file.report(path, problem.cause, { offset: problem.offset });
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

function checkEventTypes(file: JourneyFile, journey: JourneyDefinition): void {
  const check = (types: string | readonly string[], path: Path): void => {
    for (const [i, type] of [types].flat().entries()) {
      const at = typeof types === "string" ? path : [...path, i];
      if (!isEventType(type))
        file.report(
          at,
          `${JSON.stringify(type)} is no event type: up to 8 tokens of A-Z a-z 0-9 _ - joined by dots`,
        );
    }
  };
  check(journey.trigger.event, ["trigger", "event"]);
  for (const [i, e] of (journey.exitOn ?? []).entries()) check(e.event, ["exitOn", i, "event"]);
  if (journey.goal) check(journey.goal.event, ["goal", "event"]);
  for (const [i, step] of journey.steps.entries()) {
    if (step.type !== "wait") continue;
    for (const [c, w] of (step.for ?? []).entries())
      if ("event" in w) check(w.event, ["steps", i, "for", c, "event"]);
  }
}

/** The channel that a step of this type speaks through, where the type says it. */
const CHANNEL_OF_STEP: Readonly<Record<string, Channel>> = { route: "agent", execute: "execute" };

function checkActions(file: JourneyFile, step: StepDefinition, base: Path, actions: Actions): void {
  if (!("action" in step || "actions" in step)) return;
  const named =
    step.type === "decide"
      ? step.actions.map((id, i) => ({ id, path: [...base, "actions", i] }))
      : [{ id: step.action, path: [...base, "action"] }];
  const speaks = new Set<Channel>();
  const wanted = step.type === "decide" || step.type === "send" ? step.channels : undefined;
  let allKnown = true;
  for (const { id, path } of named) {
    const action = actions.get(id);
    if (!action) {
      allKnown = false;
      file.report(path, `action ${JSON.stringify(id)} is not in the catalogue`, {
        suggestion: didYouMean(id, actions.keys()),
      });
      continue;
    }
    const own = action.treatments.map((t) => t.channel);
    for (const c of own) speaks.add(c);
    const needed = CHANNEL_OF_STEP[step.type];
    if (needed && !own.includes(needed)) {
      file.report(
        path,
        `a ${step.type} step needs an action with a treatment for channel ${needed}; ${id} has ${own.join(", ")}`,
      );
    }
    if (wanted && !wanted.some((c) => own.includes(c))) {
      file.report(
        path,
        `action ${JSON.stringify(id)} has no treatment for ${wanted.join(", ")}: it could never be chosen here`,
      );
    }
  }
  if (!allKnown) return;
  for (const [i, c] of (wanted ?? []).entries()) {
    if (!speaks.has(c))
      file.report([...base, "channels", i], `no action of this step has a treatment for channel ${c}`);
  }
}
