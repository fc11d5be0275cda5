/** Runs the published journeys and a new version of one of them over the same recorded events, and says what differs. */
import type { JourneyDefinition, PolicyPackDefinition, SignalsDefinition } from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys, type Catalogue } from "#domain";
import { PolicyRules } from "./customer-policy.js";
import { Differences, type Difference } from "./difference.js";
import type { RecordedEvents } from "./events.js";
import { ResponseModel, type ResponseModelDefinition } from "./response-model.js";
import { simulateCustomer, type CustomerRun, type World } from "./simulate-customer.js";
import { Totals, type RunTotals } from "./totals.js";

/** The definitions that both sides share, and the journeys that are live now. */
export interface Installation {
  /** One version of each journey: the one that new customers enter. */
  readonly journeys: readonly JourneyDefinition[];
  readonly catalogue: Catalogue;
  readonly policyPacks: readonly PolicyPackDefinition[];
  /** Windows over events that expressions may read. */
  readonly signals?: readonly SignalsDefinition[] | undefined;
}

export interface SimulationInput {
  readonly installation: Installation;
  readonly candidate: JourneyDefinition;
  readonly recorded: RecordedEvents;
  readonly responses?: ResponseModelDefinition | undefined;
  /** Goes on for so long after the last event, so that what waits can fall due. Default 0. */
  readonly afterMs?: number;
}

export interface SimulationBounds {
  /** Given up with `SimulationTooLong` after so many milliseconds of the wall. */
  readonly withinMs?: number;
}

/** The simulation took longer than it may. */
export class SimulationTooLong extends Error {
  override readonly name = "SimulationTooLong";
}

export interface SimulationResult {
  readonly candidate: { readonly journey: string; readonly version: number };
  /** The version that it is compared with; absent when no version of it is published. */
  readonly published?: { readonly version: number };
  readonly input: {
    readonly events: number;
    readonly customers: number;
    readonly unreadable: number;
    readonly problems: readonly string[];
    /** Epoch ms. */
    readonly from: number;
    readonly to: number;
    readonly until: number;
    /** Commands whose outcomes were recorded, and how many of them the published version orders here too. */
    readonly recordedCommands: number;
    readonly matchedCommands: number;
  };
  readonly responses: { readonly seed: number; readonly channels: Readonly<Record<string, string>> };
  readonly before: RunTotals;
  readonly after: RunTotals;
  readonly difference: Difference;
}

/** Deterministic: the same input gives the same result. Throws SimulationTooLong. */
export function compareVersions(input: SimulationInput, bounds: SimulationBounds = {}): SimulationResult {
  const { installation, candidate, recorded } = input;
  const published = installation.journeys.find((j) => j.id === candidate.id);
  const until = recorded.to + (input.afterMs ?? 0);
  const shared = sharedWorld(installation, input.responses);
  const { signals } = installation;
  const before = {
    ...shared,
    journeys: new Journeys(installation.journeys, shared.expressions, { signals }),
  };
  const after = {
    ...shared,
    journeys: new Journeys(
      [...installation.journeys.filter((j) => j.id !== candidate.id), candidate],
      shared.expressions,
      { signals },
    ),
  };
  const totals = { before: new Totals(), after: new Totals() };
  const differences = new Differences(before.journeys, after.journeys);
  const deadline = performance.now() + (bounds.withinMs ?? Infinity);
  let recordedCommands = 0;
  let matchedCommands = 0;
  for (const customer of recorded.customers) {
    if (performance.now() > deadline)
      throw new SimulationTooLong(
        `not done within ${bounds.withinMs} ms: give fewer events, or run \`segue simulate\` on the command line`,
      );
    const a = simulateCustomer(customer, before, until);
    const b = simulateCustomer(customer, after, until);
    recordedCommands += a.recordedOutcomes;
    matchedCommands += a.claimedOutcomes;
    const contacts = { before: totals.before.add(a), after: totals.after.add(b) };
    differences.add(a, b, contacts);
  }
  return {
    candidate: { journey: candidate.id, version: candidate.version },
    ...(published ? { published: { version: published.version } } : {}),
    input: {
      events: recorded.events,
      customers: recorded.customers.length,
      unreadable: recorded.unreadable,
      problems: recorded.problems,
      from: recorded.from,
      to: recorded.to,
      until,
      recordedCommands,
      matchedCommands,
    },
    responses: { seed: shared.responses.seed, channels: shared.responses.describe() },
    before: totals.before.totals,
    after: totals.after.totals,
    difference: differences.difference,
  };
}

/** One side alone: every customer's run, in order of customer. `until` is epoch ms. */
export function* runAll(
  installation: Installation,
  recorded: RecordedEvents,
  until: number,
  responses?: ResponseModelDefinition,
): Generator<CustomerRun> {
  const shared = sharedWorld(installation, responses);
  const { journeys, signals } = installation;
  const world = { ...shared, journeys: new Journeys(journeys, shared.expressions, { signals }) };
  for (const customer of recorded.customers) yield simulateCustomer(customer, world, until);
}

function sharedWorld(
  installation: Installation,
  responses?: ResponseModelDefinition,
): Omit<World, "journeys"> {
  return {
    expressions: createExpressions(),
    catalogue: installation.catalogue,
    rules: new PolicyRules(installation.policyPacks),
    responses: new ResponseModel(responses),
  };
}

/** Of several versions of each journey the newest. */
export function newestVersions(journeys: readonly JourneyDefinition[]): readonly JourneyDefinition[] {
  const newest = new Map<string, JourneyDefinition>();
  for (const j of journeys) if (j.version > (newest.get(j.id)?.version ?? 0)) newest.set(j.id, j);
  return [...newest.values()];
}
