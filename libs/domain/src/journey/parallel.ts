/**
 * Parallel steps. Each branch is an instance of its own whose `parent` waits at the step. Branches count among
 * `LIMITS.journeys`, but not for entry rules; only the outermost instance hears exits and goals, and takes its branches
 * with it.
 */
import { durationMs, LIMITS, type JourneyInstance, type StepDefinition } from "#contracts";
import { eventNumber, goTo, replace, waitUntil, type Turn } from "./turn.js";

type ParallelStep = Extract<StepDefinition, { type: "parallel" }>;

/** Starts the branches. */
export function fork(turn: Turn, instance: JourneyInstance, step: ParallelStep): void {
  const { journey, version, id } = instance;
  if (turn.context.journeys.length + step.branches.length > LIMITS.journeys) {
    const reason = "too_many_open_journeys";
    turn.entries.push({ kind: "parallel-refused", journey, version, instance: id, step: step.id, reason });
    return goTo(turn, instance, step.onTimeout ?? step.next);
  }
  const { now } = turn.context;
  waitUntil(turn, instance, "join", now + durationMs(step.atMost));
  const { goalReached: _goal, wait: _wait, ...rest } = instance;
  const n = eventNumber(turn);
  for (const branch of step.branches) {
    const child: JourneyInstance = {
      ...rest,
      // Neither a journey's id nor an instance of one has an underscore.
      id: `${journey}_${n}_${turn.branches++}`,
      parent: id,
      branch: branch.id,
      enteredAt: now,
      status: "ready",
      step: branch.first,
      steps: 0,
      deferrals: 0,
    };
    turn.context = { ...turn.context, journeys: [...turn.context.journeys, child] };
    turn.entries.push({
      kind: "branch-started",
      journey,
      version,
      instance: child.id,
      parent: id,
      branch: branch.id,
    });
  }
}

/** A branch has ended: goes on, or waits for the others. */
export function join(turn: Turn, instance: JourneyInstance, step: ParallelStep): void {
  const open = turn.context.journeys.some((j) => j.parent === instance.id);
  if (open && step.join === "all") return replace(turn, { ...instance, status: "waiting" });
  goTo(turn, instance, step.next, "joined");
}
