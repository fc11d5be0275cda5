/** Which catalogues and policy packs are in force, and how that changes: the HTTP twins of `segue definitions|propose|publish|rollback`. */
import { Controller, Get, HttpCode, Inject, Param, Post, Req } from "@nestjs/common";
import type { z } from "zod";
import {
  parsePublishedName,
  PUBLISHED_KINDS,
  publishedName,
  type CatalogueDefinition,
  type PolicyPackDefinition,
  type PublishedKind,
} from "#contracts";
import { validatePublication } from "#definitions";
import type { ReleaseResult } from "#registry";
import { bodyAs } from "../events/json-body.js";
import type { GatewayRequest } from "../http-request.js";
import { definitionErrors, GIVEN } from "../journeys/definition-errors.js";
import { proposeBodyV1, type releaseAnswerV1 } from "../journeys/governance-bodies.js";
import { RegistryLink, type Publications, type ReleasesOf } from "../journeys/registry-link.js";
import { SIMULATION_LIMITS, type SimulationLimits } from "../journeys/simulate.controller.js";
import { ProblemError } from "../problem.js";
import {
  publishDefinitionV1,
  rollbackDefinitionV1,
  type definitionStoryV1,
  type definitionsViewV1,
} from "./definition-bodies.js";

type ReleaseAnswer = z.infer<typeof releaseAnswerV1>;

@Controller("v1/definitions")
export class DefinitionsController {
  constructor(
    @Inject(RegistryLink) private readonly registry: RegistryLink,
    @Inject(SIMULATION_LIMITS) private readonly limits: SimulationLimits,
  ) {}

  @Get()
  async list(): Promise<z.infer<typeof definitionsViewV1>> {
    const releases = await this.registry.askPublications((p) =>
      Promise.all(PUBLISHED_KINDS.map((kind) => p[kind].releases())),
    );
    return { definitions: releases.flat().map((r) => this.registry.view(r)) };
  }

  @Get(":kind/:id")
  one(@Param("kind") kind: string, @Param("id") id: string): Promise<z.infer<typeof definitionStoryV1>> {
    const named = nameOf(kind, id);
    return this.registry.askPublications(async (publications) => {
      const log: ReleasesOf<CatalogueDefinition | PolicyPackDefinition> = publications[named.kind];
      const story = await this.registry.story(log, named.id);
      if (!story) throw notFound();
      return story;
    });
  }

  /** Proposes a version. */
  @Post()
  @HttpCode(200)
  propose(@Req() request: GatewayRequest): Promise<ReleaseAnswer> {
    const { definition: given, ...by } = bodyAs(proposeBodyV1, request);
    const definition = this.#checked(given);
    return this.#change((p) =>
      definition.kind === "Catalogue"
        ? p.catalogue.propose(definition, by)
        : p.policy.propose(definition, by),
    );
  }

  @Post(":kind/:id/publish")
  @HttpCode(200)
  publish(
    @Param("kind") kind: string,
    @Param("id") id: string,
    @Req() request: GatewayRequest,
  ): Promise<ReleaseAnswer> {
    const { from, ...wishes } = bodyAs(publishDefinitionV1, request);
    const named = nameOf(kind, id);
    return this.#change((p) =>
      p[named.kind].publish(named.id, {
        ...wishes,
        from: from === undefined ? undefined : Date.parse(from),
      }),
    );
  }

  @Post(":kind/:id/rollback")
  @HttpCode(200)
  rollback(
    @Param("kind") kind: string,
    @Param("id") id: string,
    @Req() request: GatewayRequest,
  ): Promise<ReleaseAnswer> {
    const body = bodyAs(rollbackDefinitionV1, request);
    const named = nameOf(kind, id);
    return this.#change((p) => p[named.kind].rollback(named.id, body));
  }

  async #change(act: (publications: Publications) => Promise<ReleaseResult>): Promise<ReleaseAnswer> {
    return this.registry.released(await this.registry.askPublications(act));
  }

  #checked(given: unknown): CatalogueDefinition | PolicyPackDefinition {
    const text = JSON.stringify(given, undefined, 2) ?? "null";
    const { definition, problems } = validatePublication(this.limits.definitionsDir, {
      name: GIVEN,
      text,
    });
    if (definition) return definition;
    throw new ProblemError("invalid-data", "The definition does not pass the checks, see errors.", {
      errors: definitionErrors(problems),
    });
  }
}

function nameOf(kind: string, id: string): { kind: PublishedKind; id: string } {
  const known = PUBLISHED_KINDS.find((k) => k === kind);
  const named = known && parsePublishedName(publishedName(known, id));
  if (!named) throw notFound();
  return named;
}

function notFound(): ProblemError {
  return new ProblemError("definition-not-found", "There is no such catalogue or policy pack.");
}
