/**
 * `segue simulate` over HTTP, for one version at a time. Bounded in size and time, and run on a thread of its own: the
 * gateway goes on answering moments within their deadlines (I12).
 */
import { Controller, HttpCode, Inject, Post, Req } from "@nestjs/common";
import type { JourneyDefinition, ProblemErrorEntry } from "#contracts";
import { loadDefinitions, readSurroundings, validateJourney } from "#definitions";
import { StreamUnreadable } from "#messaging";
import {
  collectEvents,
  compareInWorker,
  newestVersions,
  readGate,
  readLiveJourneys,
  readRecordedEvents,
  reportOf,
  SimulationTooLong,
  TooManyEvents,
  type RecordedEvents,
  type SimulationReport,
} from "#simulation";
import { readLargeJson } from "../events/event-body.js";
import { bodyOf, type GatewayRequest } from "../http-request.js";
import { NatsLink, streamAway } from "../nats-link.js";
import { ProblemError } from "../problem.js";
import { definitionErrors, GIVEN } from "./definition-errors.js";
import { simulateRequestV1 } from "./simulation-bodies.js";

export interface SimulationLimits {
  /** Holds `journeys/`, `catalogue/`, `policies/`, `gates/default.yaml`. */
  readonly definitionsDir: string;
  readonly maxEvents: number;
  readonly withinMs: number;
}
export const SIMULATION_LIMITS = Symbol("simulation limits");

const DAY_MS = 86_400_000;

@Controller("v1/journeys/simulate")
export class SimulateController {
  #running = false;

  constructor(
    @Inject(NatsLink) private readonly link: NatsLink,
    @Inject(SIMULATION_LIMITS) private readonly limits: SimulationLimits,
  ) {}

  /** Sends nothing and stores nothing. 200 also when a limit is broken: `passes` says so. */
  @Post()
  @HttpCode(200)
  async post(@Req() request: GatewayRequest): Promise<SimulationReport> {
    const given = readLargeJson({ headers: request.headers, body: bodyOf(request) });
    if (this.#running)
      throw new ProblemError("busy", "Another simulation is running on this gateway.", { retryAfterS: 5 });
    this.#running = true;
    try {
      return await this.#simulate(given);
    } catch (error) {
      if (error instanceof TooManyEvents) throw new ProblemError("too-large", `${error.message}.`);
      if (error instanceof SimulationTooLong) throw new ProblemError("too-large", `${error.message}.`);
      if (error instanceof StreamUnreadable) throw streamAway({}, error);
      throw error;
    } finally {
      this.#running = false;
    }
  }

  async #simulate(given: unknown): Promise<SimulationReport> {
    const body = simulateRequestV1.safeParse(given);
    if (!body.success)
      throw invalid(body.error.issues.map((i) => ({ pointer: pointerOf(i.path), detail: i.message })));
    const { definitionsDir, withinMs } = this.limits;
    const candidate = definitionOf(body.data.definition, definitionsDir);
    const { catalogue, policyPacks, signals } = loadDefinitions(definitionsDir);
    const { recorded, source } = await this.#recorded(body.data);
    if (recorded.events === 0)
      throw new ProblemError(
        "invalid-data",
        `There are no events to simulate: ${source}. Give events, or since and until of a time with events.`,
        {
          errors: recorded.problems.map((detail) => ({ pointer: "/events", detail })),
        },
      );
    const journeys = newestVersions(await readLiveJourneys(this.link.parts.nc));
    const installation = { journeys, catalogue, policyPacks, signals };
    const result = await compareInWorker({ installation, candidate, recorded }, withinMs);
    return reportOf(result, readGate(`${definitionsDir}/gates/default.yaml`), source);
  }

  async #recorded(body: {
    readonly events?: readonly unknown[] | undefined;
    readonly since?: string | undefined;
    readonly until?: string | undefined;
  }): Promise<{ readonly recorded: RecordedEvents; readonly source: string }> {
    const { maxEvents } = this.limits;
    if (body.events !== undefined)
      return { recorded: collectEvents(body.events, maxEvents), source: "events of the request" };
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const since = body.since === undefined ? today - DAY_MS : Date.parse(body.since);
    const until =
      body.until !== undefined ? Date.parse(body.until) : body.since === undefined ? today : Date.now();
    if (since >= until) throw new ProblemError("invalid-request", "since must be before until.");
    return {
      recorded: await readRecordedEvents(this.link.parts.nc, { since, until, limit: maxEvents }),
      source: `stream EVT, stored ${new Date(since).toISOString()} to ${new Date(until).toISOString()}`,
    };
  }
}

/** The definition, checked like `segue validate` does. Throws `invalid-data`. */
function definitionOf(given: unknown, dir: string): JourneyDefinition {
  const text = JSON.stringify(given, undefined, 2) ?? "null";
  const { journey, problems } = validateJourney({ name: GIVEN, text }, readSurroundings(dir));
  if (journey) return journey;
  throw invalid(definitionErrors(problems));
}

function invalid(errors: readonly ProblemErrorEntry[]): ProblemError {
  return new ProblemError("invalid-data", "The request cannot be simulated, see errors.", { errors });
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part)}`).join("");
}
