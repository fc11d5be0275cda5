/** What is live, and how it changes: the HTTP twins of `segue journeys|propose|publish|rollback|pause|resume|stop|migrate`. */
import { Controller, Get, HttpCode, Inject, Param, Post, Req } from "@nestjs/common";
import type { z } from "zod";
import type { JourneyDefinition } from "#contracts";
import { validateJourney } from "#definitions";
import type { JourneyRegistry } from "#registry";
import { bodyAs } from "../events/json-body.js";
import type { GatewayRequest } from "../http-request.js";
import { NatsLink } from "../nats-link.js";
import { ProblemError } from "../problem.js";
import { definitionErrors, GIVEN } from "./definition-errors.js";
import {
  changeBodyV1,
  migrateBodyV1,
  proposeBodyV1,
  publishBodyV1,
  rollbackBodyV1,
  stopBodyV1,
  type controlsAnswerV1,
  type releaseAnswerV1,
  type releasesViewV1,
  type releaseStoryV1,
} from "./governance-bodies.js";
import { publishGate } from "./publish-gate.js";
import { controlsOf, RegistryLink } from "./registry-link.js";
import { SIMULATION_LIMITS, type SimulationLimits } from "./simulate.controller.js";

type ReleaseAnswer = z.infer<typeof releaseAnswerV1>;
type ControlsAnswer = z.infer<typeof controlsAnswerV1>;

@Controller("v1/journeys")
export class JourneysController {
  constructor(
    @Inject(RegistryLink) private readonly registry: RegistryLink,
    @Inject(NatsLink) private readonly link: NatsLink,
    @Inject(SIMULATION_LIMITS) private readonly limits: SimulationLimits,
  ) {}

  @Get()
  async list(): Promise<z.infer<typeof releasesViewV1>> {
    const [releases, controls] = await this.registry.ask((r) => Promise.all([r.releases(), r.controls()]));
    return { journeys: releases.map((r) => this.registry.view(r)), controls: controlsOf(controls) };
  }

  @Get(":id")
  async one(@Param("id") id: string): Promise<z.infer<typeof releaseStoryV1>> {
    const journey = journeyId(id);
    return this.registry.ask(async (registry) => {
      const story = await this.registry.story(registry, journey);
      if (!story) throw new ProblemError("journey-not-found", "There is no such journey.");
      return story;
    });
  }

  /** Proposes a version. */
  @Post()
  @HttpCode(200)
  async propose(@Req() request: GatewayRequest): Promise<ReleaseAnswer> {
    const { by, why, definition } = bodyAs(proposeBodyV1, request);
    const journey = this.#checked(definition);
    return this.#change((r) => r.propose(journey, { by, why }));
  }

  @Post(":id/publish")
  @HttpCode(200)
  publish(@Param("id") id: string, @Req() request: GatewayRequest): Promise<ReleaseAnswer> {
    const { from, ...wishes } = bodyAs(publishBodyV1, request);
    return this.#change((r) =>
      r.publish(journeyId(id), {
        ...wishes,
        from: from === undefined ? undefined : Date.parse(from),
        gate: publishGate(this.link, this.limits),
      }),
    );
  }

  @Post(":id/rollback")
  @HttpCode(200)
  rollback(@Param("id") id: string, @Req() request: GatewayRequest): Promise<ReleaseAnswer> {
    const body = bodyAs(rollbackBodyV1, request);
    return this.#change((r) => r.rollback(journeyId(id), body));
  }

  @Post(":id/pause")
  @HttpCode(200)
  pause(@Param("id") id: string, @Req() request: GatewayRequest): Promise<ReleaseAnswer> {
    const body = bodyAs(changeBodyV1, request);
    return this.#change((r) => r.pause(journeyId(id), body));
  }

  @Post(":id/resume")
  @HttpCode(200)
  resume(@Param("id") id: string, @Req() request: GatewayRequest): Promise<ReleaseAnswer> {
    const body = bodyAs(changeBodyV1, request);
    return this.#change((r) => r.resume(journeyId(id), body));
  }

  /** From the answer on no send of the journey starts later than 1 s (I7). */
  @Post(":id/stop")
  @HttpCode(200)
  stop(@Param("id") id: string, @Req() request: GatewayRequest): Promise<ReleaseAnswer> {
    const body = bodyAs(changeBodyV1, request);
    return this.#change((r) => r.stop(journeyId(id), body));
  }

  @Post(":id/migrate")
  @HttpCode(200)
  migrate(@Param("id") id: string, @Req() request: GatewayRequest): Promise<ReleaseAnswer> {
    const { from, to, steps, ...by } = bodyAs(migrateBodyV1, request);
    return this.#change((r) => r.migrate(journeyId(id), { from, to, steps }, by));
  }

  async #change(
    act: (registry: JourneyRegistry) => ReturnType<JourneyRegistry["pause"]>,
  ): Promise<ReleaseAnswer> {
    return this.registry.released(await this.registry.ask(act));
  }

  #checked(definition: unknown): JourneyDefinition {
    const text = JSON.stringify(definition, undefined, 2) ?? "null";
    const { journey, problems } = validateJourney({ name: GIVEN, text }, this.registry.around);
    if (journey) return journey;
    throw new ProblemError("invalid-data", "The definition does not pass the checks, see errors.", {
      errors: definitionErrors(problems),
    });
  }
}

/** The kill switch. */
@Controller("v1/controls")
export class ControlsController {
  constructor(@Inject(RegistryLink) private readonly registry: RegistryLink) {}

  /** From the answer on no send of the target starts later than 1 s (I7). */
  @Post("stop")
  @HttpCode(200)
  async stop(@Req() request: GatewayRequest): Promise<ControlsAnswer> {
    const { target, ...by } = bodyAs(stopBodyV1, request);
    return this.registry.switched(await this.registry.ask((r) => r.stopSends(target, by)));
  }

  @Post("release")
  @HttpCode(200)
  async release(@Req() request: GatewayRequest): Promise<ControlsAnswer> {
    const { target, ...by } = bodyAs(stopBodyV1, request);
    return this.registry.switched(await this.registry.ask((r) => r.releaseSends(target, by)));
  }
}

/** Throws when it could not stand in a key of the bucket. */
function journeyId(text: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && text.length <= 48) return text;
  throw new ProblemError(
    "journey-not-found",
    `There is no such journey: ids are lower-case words joined by hyphens.`,
  );
}
