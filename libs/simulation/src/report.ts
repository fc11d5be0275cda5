/** A simulation with its verdict: what the command writes as JSON, the page shows, and HTTP answers. */
import type { GateDefinition } from "./gate.v1.js";
import { judgeByGate, passes, type GateVerdict } from "./gate.js";
import type { SimulationResult } from "./simulate.js";

export interface SimulationReport extends SimulationResult {
  /** True when no limit of the gate is broken. */
  readonly passes: boolean;
  readonly gate?: {
    readonly id: string;
    readonly version: number;
    readonly verdicts: readonly GateVerdict[];
  };
  /** Where the events come from, in words. */
  readonly source: string;
  /** What the reader must know about how the numbers came about. */
  readonly assumptions: readonly string[];
}

export function reportOf(
  result: SimulationResult,
  gate: GateDefinition | undefined,
  source: string,
): SimulationReport {
  const verdicts = gate ? judgeByGate(gate, result) : [];
  return {
    ...result,
    passes: passes(verdicts),
    ...(gate ? { gate: { id: gate.id, version: gate.version, verdicts } } : {}),
    source,
    assumptions: assumptionsOf(result),
  };
}

function assumptionsOf({ input, before, after, responses, published }: SimulationResult): string[] {
  const drawn = (t: { contacts: number; recordedResponses: number }): string =>
    `${t.recordedResponses} of its commands`;
  return [
    "Nothing was sent. Both versions ran over the same events with the same engine, decision funnel, policy packs and caps as the services run.",
    published
      ? `Recorded outcomes are used where a simulated command is the recorded contact (same action, at its time): ${drawn(before)} with the published version, ${drawn(after)} with the new one` +
        (input.recordedCommands > 0
          ? `; the events hold outcomes of ${input.recordedCommands} commands, of which the published version orders ${input.matchedCommands} here too.`
          : "; these events hold no recorded outcomes.")
      : "No version of this journey is published: it is compared with the other journeys alone.",
    `What became of every other command is drawn from a declared response model (seed ${responses.seed}; below), not from knowledge of these customers. ` +
      "The same contact gets the same response in both versions, so that the difference between them is theirs and not one of luck. " +
      "The numbers of contacts follow from the events; numbers of responses are what the model says, and no forecast.",
    "What customers would have done otherwise because of another contact (buy, pay, complain) is not known and not simulated: the recorded events stay as they are.",
    "Whoever asked for a moment is taken to wait for the answer: what may be said in the app is said there. Customers begin without open journeys and without earlier contacts. An event is handled at its own time. Messages arrive or fail by the model; the last check before a send (opted out within its latency) is not simulated.",
    ...(input.unreadable > 0
      ? [`${input.unreadable} events could not be read and are left out, e.g. ${input.problems[0] ?? ""}.`]
      : []),
  ];
}
