/** Moving running instances from one version of a journey to another, over an explicit mapping of steps. */
import type { JourneyDefinition, StepDefinition } from "#contracts";

/** What is wrong with a migration. */
export interface MigrationProblem {
  /** The step of the old version that it is about; absent when it is about the migration as a whole. */
  readonly step?: string;
  readonly cause: string;
}

/**
 * Whether an instance that stands at `from` may stand at `to` instead: its open wait must mean the same there. Steps of
 * one type do, and those that ask for a decision among each other.
 */
export function sameStep(from: StepDefinition | undefined, to: StepDefinition | undefined): boolean {
  if (!from || !to) return false;
  if (from.type === "parallel" && to.type === "parallel") return sameBranches(from, to);
  return from.type === to.type || (asks(from) && asks(to));
}

type ParallelStep = Extract<StepDefinition, { type: "parallel" }>;

/** Open branches are known by their ids, and the join counts them. */
function sameBranches(from: ParallelStep, to: ParallelStep): boolean {
  const ids = (step: ParallelStep): string =>
    step.branches
      .map((b) => b.id)
      .sort()
      .join();
  return ids(from) === ids(to);
}

function asks(step: StepDefinition): boolean {
  return ["decide", "send", "route", "execute"].includes(step.type);
}

/** The step of `to` at which an instance at `step` of `from` goes on; `undefined` when it stays where it is. */
export function migratedStep(
  mapping: Readonly<Record<string, string>>,
  step: string,
  from: JourneyDefinition,
  to: JourneyDefinition,
): string | undefined {
  const target = Object.hasOwn(mapping, step) ? mapping[step] : undefined;
  return sameStep(stepOf(from, step), stepOf(to, target)) ? target : undefined;
}

function stepOf(definition: JourneyDefinition, id: string | undefined): StepDefinition | undefined {
  return definition.steps.find((s) => s.id === id);
}

/** Everything that is wrong with a mapping of steps between two versions; empty when it may be published. */
export function checkMigration(
  from: JourneyDefinition,
  to: JourneyDefinition,
  mapping: Readonly<Record<string, string>>,
): readonly MigrationProblem[] {
  const problems: MigrationProblem[] = [];
  if (from.id !== to.id)
    problems.push({ cause: `versions of one journey are needed: these are of ${from.id} and ${to.id}` });
  else if (from.version === to.version)
    problems.push({ cause: `version ${from.version} is on both sides: name another one to migrate to` });
  if (from.purpose !== to.purpose)
    problems.push({
      cause: `the purpose changes from ${from.purpose} to ${to.purpose}: other consents and holds count, so running instances stay`,
    });
  const steps = Object.entries(mapping);
  if (steps.length === 0) problems.push({ cause: "the mapping names no step: nobody would move" });
  for (const [step, target] of steps) {
    const before = stepOf(from, step);
    const after = stepOf(to, target);
    if (!before) problems.push({ step, cause: `${named(from)} has no step ${step}; it has ${idsOf(from)}` });
    if (!after) problems.push({ step, cause: `${named(to)} has no step ${target}; it has ${idsOf(to)}` });
    if (before && after && !sameStep(before, after))
      problems.push({
        step,
        cause:
          before.type === after.type
            ? `${step} and ${target} run other branches: map ${step} to a parallel step that has the same`
            : `${step} is a ${before.type} step and ${target} a ${after.type} step: an instance that stands there could not go on`,
      });
  }
  return problems;
}

function named(definition: JourneyDefinition): string {
  return `${definition.id} version ${definition.version}`;
}

function idsOf(definition: JourneyDefinition): string {
  return definition.steps.map((s) => s.id).join(", ");
}
