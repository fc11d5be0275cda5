/**
 * A journey as a graph: which step leads where, and why.
 *
 * A journey starts at its first step. There is no falling through to the next one in the file: a step goes where it says
 * (`next`, `goto`, `otherwise`, `onTimeout`), and where it says nothing the journey ends, "completed".
 */
import { assertNever, type JourneyDefinition, type StepDefinition } from "#contracts";
import type { Path } from "./definition-file.js";

/** Why an edge is taken: the step went well, did not, ran out of time, one of its cases held, or a branch starts there. */
export type EdgeKind = "next" | "otherwise" | "timeout" | "case" | "branch";

export interface Edge {
  readonly to: string;
  readonly kind: EdgeKind;
  /** Of a case or a branch: its number among those of the step. */
  readonly index?: number;
  /** Where the name stands in the definition. */
  readonly path: Path;
}

/** Where a step leads, in the order in which its fields are documented. `base` is the step's own path. */
export function edgesOf(step: StepDefinition, base: Path): readonly Edge[] {
  const edges: Edge[] = [];
  const add = (to: string | undefined, kind: EdgeKind, path: Path, index?: number): void => {
    if (to !== undefined)
      edges.push({ to, kind, path: [...base, ...path], ...(index === undefined ? {} : { index }) });
  };
  switch (step.type) {
    case "exit":
      break;
    case "wait":
      for (const [i, c] of (step.for ?? []).entries()) add(c.goto, "case", ["for", i, "goto"], i);
      // The engine goes to `next` only where there is no `onTimeout`.
      if (step.onTimeout === undefined) add(step.next, "timeout", ["next"]);
      else add(step.onTimeout, "timeout", ["onTimeout"]);
      break;
    case "branch":
      for (const [i, c] of step.cases.entries()) add(c.goto, "case", ["cases", i, "goto"], i);
      add(step.otherwise, "otherwise", ["otherwise"]);
      break;
    case "decide":
    case "send":
    case "route":
    case "execute":
      add(step.next, "next", ["next"]);
      add(step.otherwise, "otherwise", ["otherwise"]);
      break;
    case "parallel":
      for (const [i, b] of step.branches.entries()) add(b.first, "branch", ["branches", i, "first"], i);
      add(step.next, "next", ["next"]);
      add(step.onTimeout, "timeout", ["onTimeout"]);
      break;
    case "update":
      add(step.next, "next", ["next"]);
      break;
    default:
      assertNever(step);
  }
  return edges;
}

export interface JourneyGraph {
  /** Number of a step by its id; of two with one id, the first. */
  readonly index: ReadonlyMap<string, number>;
  /** Edges of each step, in order of the steps. */
  readonly edges: readonly (readonly Edge[])[];
  /** Steps that follow a step, by number; names that lead nowhere are left out. */
  readonly follow: (step: number) => readonly number[];
  /** Steps that can be reached, by number: from the first, and from where the goal goes. */
  readonly reached: ReadonlySet<number>;
}

/** The graph of a journey that is valid by its schema. */
export function graphOf(journey: JourneyDefinition): JourneyGraph {
  const index = new Map<string, number>();
  for (const [i, step] of journey.steps.entries()) if (!index.has(step.id)) index.set(step.id, i);
  const edges = journey.steps.map((step, i) => edgesOf(step, ["steps", i]));
  const followed = edges.map((list) => list.flatMap(({ to }) => index.get(to) ?? []));
  const follow = (i: number): readonly number[] => followed[i]!;
  const afterGoal = journey.goal?.goto === undefined ? [] : [index.get(journey.goal.goto) ?? 0];
  return { index, edges, follow, reached: spread([0, ...afterGoal], follow) };
}

/** Everything that can be come to from some steps, these included. */
export function spread(
  from: Iterable<number>,
  follow: (step: number) => readonly number[],
): ReadonlySet<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (reached.has(i)) continue;
    reached.add(i);
    open.push(...follow(i));
  }
  return reached;
}
