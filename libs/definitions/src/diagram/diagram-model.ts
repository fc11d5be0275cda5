/** A journey as boxes and arrows with their words, whatever they are drawn with. */
import { assertNever, type JourneyDefinition, type StepDefinition } from "#contracts";
import { edgesOf, graphOf, spread, type Edge, type EdgeKind } from "../journey-graph.js";

export type NodeKind = StepDefinition["type"] | "start" | "goal" | "completed";

export interface DiagramNode {
  /** Unique; that of a step is its id. */
  readonly id: string;
  readonly kind: NodeKind;
  readonly title: string;
  readonly lines: readonly string[];
}

export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind | "goal";
  /** Empty where the step simply goes on. */
  readonly label: string;
}

export interface Diagram {
  readonly title: string;
  readonly description: string;
  /** What holds at every step: exits, cap, goal without a step of its own. */
  readonly notes: readonly string[];
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}

/** Ids that no step can have. */
const START = "start.";
const GOAL = "goal.";
const COMPLETED = "completed.";

const MAX_CHARS = 44;

/** The diagram of a journey that is valid. The same journey always gives the same one. */
export function diagramOf(journey: JourneyDefinition): Diagram {
  const { goal } = journey;
  const joins = joinsOf(journey);
  const nodes: DiagramNode[] = [
    {
      id: START,
      kind: "start",
      title: [journey.trigger.event].flat().join(", "),
      lines: startLines(journey),
    },
    ...journey.steps.map((step) => ({
      id: step.id,
      kind: step.type,
      title: step.id,
      lines: linesOf(step),
    })),
  ];
  const edges: DiagramEdge[] = [{ from: START, to: journey.steps[0]!.id, kind: "next", label: "" }];
  for (const step of journey.steps) {
    const end = joins.get(step.id) ?? COMPLETED;
    const from = step.type === "parallel" ? joinId(step.id) : step.id;
    for (const edge of edgesOf(step, []))
      edges.push({
        from: edge.kind === "next" ? from : step.id,
        to: edge.to,
        kind: edge.kind,
        label: labelOf(step, edge),
      });
    const ending = unsaidEnd(step);
    if (ending) edges.push({ from, to: end, ...ending });
    else if (step.type === "exit" && end !== COMPLETED)
      edges.push({ from: step.id, to: end, kind: "next", label: "" });
    if (step.type === "parallel")
      nodes.push({
        id: joinId(step.id),
        kind: "parallel",
        title: step.join === "all" ? "all have ended" : "the first has ended",
        lines: [],
      });
  }
  if (edges.some((e) => e.to === COMPLETED))
    nodes.push({ id: COMPLETED, kind: "completed", title: "completed", lines: [] });
  if (goal?.goto !== undefined) {
    nodes.push({
      id: GOAL,
      kind: "goal",
      title: goalTitle(journey),
      lines: goal.when ? [condition(goal.when)] : [],
    });
    edges.push({ from: GOAL, to: goal.goto, kind: "goal", label: "from any step" });
  }
  return {
    title: `${journey.id} · version ${journey.version} · ${journey.purpose}`,
    description: journey.description.trim(),
    notes: notesOf(journey),
    nodes,
    edges,
  };
}

const joinId = (parallel: string): string => `join.${parallel}`;

/** Where a step leads that ends its branch: to the end of the innermost parallel step around it. */
function joinsOf(journey: JourneyDefinition): ReadonlyMap<string, string> {
  const joins = new Map<string, string>();
  if (!journey.steps.some((s) => s.type === "parallel")) return joins;
  const { index, follow } = graphOf(journey);
  const within = journey.steps
    .flatMap((s) =>
      s.type === "parallel"
        ? [
            {
              id: s.id,
              steps: spread(
                s.branches.flatMap((b) => index.get(b.first) ?? []),
                follow,
              ),
            },
          ]
        : [],
    )
    .sort((a, b) => b.steps.size - a.steps.size);
  for (const { id, steps } of within) for (const i of steps) joins.set(journey.steps[i]!.id, joinId(id));
  return joins;
}

function goalTitle({ goal }: JourneyDefinition): string {
  return `goal: ${[goal!.event].flat().join(", ")}${goal!.within === undefined ? "" : ` within ${goal!.within}`}`;
}

function startLines({ trigger, entry }: JourneyDefinition): readonly string[] {
  const rule =
    entry.rule === "once-per"
      ? `once per ${entry.period}`
      : entry.rule === "per-key"
        ? `one per ${condition(entry.key)}`
        : entry.rule.replace("-", " ");
  return [...(trigger.when === undefined ? [] : [`when ${condition(trigger.when)}`]), `enters: ${rule}`];
}

function notesOf(journey: JourneyDefinition): readonly string[] {
  const { exitOn = [], cap, goal, group, priority, concurrency } = journey;
  return [
    ...(group === undefined ? [] : [`one journey of group ${group} at a time`]),
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...(concurrency === undefined ? [] : [`at most ${concurrency} side by side`]),
    ...exitOn.map(
      (e) =>
        `leaves at ${[e.event].flat().join(", ")}${e.when === undefined ? "" : ` when ${condition(e.when, 100)}`}: ${e.reason}`,
    ),
    ...(goal && goal.goto === undefined ? [`${goalTitle(journey)} ends it`] : []),
    ...(cap ? [`at most ${cap.contacts} contacts in ${cap.period}`] : []),
  ];
}

function linesOf(step: StepDefinition): readonly string[] {
  switch (step.type) {
    case "decide":
      return [
        `decide: ${[...step.actions, ...(step.candidates?.tags ?? []).map((t) => `#${t}`)].map((a) => short(a, 32)).join(", ")}`,
        ...channelLines(step),
      ];
    case "send":
      return [`send: ${step.action}`, ...channelLines(step)];
    case "route":
      return [`agent: ${step.action}`];
    case "execute":
      return [`execute: ${step.action}`];
    case "wait":
      return [`wait ${limitOf(step)}`];
    case "branch":
      return [];
    case "parallel":
      return [`side by side, at most ${step.atMost}`];
    case "update":
      return Object.entries(step.set).map(([name, source]) => `${name} = ${condition(source)}`);
    case "exit":
      return step.reason === step.id ? ["exit"] : [`exit: ${step.reason}`];
    default:
      return assertNever(step);
  }
}

function channelLines(step: Extract<StepDefinition, { type: "decide" | "send" }>): readonly string[] {
  const lines: string[] = [];
  if (step.channels) lines.push(`on ${step.channels.join(", then ")}`);
  if (step.anotherChannel) lines.push("on another channel than before");
  return lines;
}

function labelOf(step: StepDefinition, edge: Edge): string {
  if (edge.kind === "otherwise") return "otherwise";
  if (step.type === "wait") {
    if (edge.kind === "timeout") return timeoutOf(step);
    const c = step.for?.[edge.index ?? 0];
    if (!c) return "";
    return "outcome" in c
      ? c.outcome.join(", ")
      : `${[c.event].flat().join(", ")}${c.when === undefined ? "" : ` when ${condition(c.when)}`}`;
  }
  if (step.type === "parallel") {
    if (edge.kind === "timeout") return `after ${step.atMost}`;
    return edge.kind === "branch" ? (step.branches[edge.index ?? 0]?.id ?? "") : "";
  }
  if (step.type === "branch") {
    const c = step.cases[edge.index ?? 0];
    return c ? condition(c.when) : "";
  }
  return "";
}

type WaitStep = Extract<StepDefinition, { type: "wait" }>;

function limitOf({ atMost, until }: WaitStep): string {
  if (until === undefined) return `at most ${atMost ?? ""}`;
  if ("date" in until) return `until ${condition(until.date)}, at most ${until.limit}`;
  if ("timeOfDay" in until) return `until ${until.timeOfDay} local time`;
  const days = `${until.businessDays} business day${until.businessDays === 1 ? "" : "s"}`;
  return `${days}, until ${until.at} (${until.calendar})`;
}

function timeoutOf({ atMost, until }: WaitStep): string {
  if (atMost !== undefined) return `after ${atMost}`;
  if (until === undefined || "date" in until) return "when it is time";
  return "timeOfDay" in until ? `at ${until.timeOfDay}` : `at ${until.at}`;
}

/** Where a step says nothing, the journey is completed. */
function unsaidEnd(step: StepDefinition): Pick<DiagramEdge, "kind" | "label"> | undefined {
  switch (step.type) {
    case "exit":
    case "branch":
      return undefined;
    case "wait":
      return step.next === undefined && step.onTimeout === undefined
        ? { kind: "timeout", label: timeoutOf(step) }
        : undefined;
    case "decide":
    case "send":
    case "route":
    case "execute":
    case "parallel":
    case "update":
      return step.next === undefined ? { kind: "next", label: "" } : undefined;
    default:
      return assertNever(step);
  }
}

/** A condition in few characters: without the presence tests that only guard the rest of it. */
function condition(source: string, chars = MAX_CHARS): string {
  const bare = source.replace(/\s+/g, " ").replace(/(^|[( ])(?:has\([\w.]+\) && )+/g, "$1");
  return short(bare.replaceAll("event.data.", ""), chars);
}

/** On one line, and not longer than fits into a box. */
function short(text: string, chars = MAX_CHARS): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= chars ? line : `${line.slice(0, chars - 1).trimEnd()}…`;
}
