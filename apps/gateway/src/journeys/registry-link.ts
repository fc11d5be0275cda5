/** The registry of journeys behind HTTP: its refusals as problems, its faults as 503. */
import { ZodError, type z } from "zod";
import type { Clock } from "#clock";
import type {
  CatalogueDefinition,
  Controls,
  GovernanceRecord,
  PolicyPackDefinition,
  ReleaseRecord,
} from "#contracts";
import type { Surroundings } from "#definitions";
import {
  CATALOGUES,
  CatalogueMissing,
  checkAgainst,
  checkAmong,
  checkGovernanceChain,
  DefinitionsBucket,
  isPublished,
  JourneyRegistry,
  POLICY_PACKS,
  ReleaseLog,
  readCheckedSurroundings,
  sharesAt,
  type ControlsResult,
  type Refused,
  type ReleaseResult,
} from "#registry";
import { streamAway, type NatsLink } from "../nats-link.js";
import { ProblemError } from "../problem.js";
import type { controlsAnswerV1, releaseAnswerV1, releaseViewV1 } from "./governance-bodies.js";

export interface Publications {
  readonly catalogue: ReleaseLog<CatalogueDefinition>;
  readonly policy: ReleaseLog<PolicyPackDefinition>;
}

/** Where the releases of one kind of definition are read. */
export interface ReleasesOf<D> {
  release(id: string): Promise<ReleaseRecord | undefined>;
  history(id: string): Promise<GovernanceRecord[]>;
  definition(id: string, version: number): Promise<D | undefined>;
}

export interface Story<D> {
  readonly release: z.infer<typeof releaseViewV1>;
  readonly definitions: D[];
  readonly history: GovernanceRecord[];
  /** What is wrong with the chain of these records; empty when nothing is. */
  readonly chain: string[];
}

export class RegistryLink {
  readonly #link: NatsLink;
  readonly #clock: Clock;
  readonly #definitionsDir: string;
  #registry: JourneyRegistry | undefined;
  #around: Surroundings | undefined;

  constructor(link: NatsLink, clock: Clock, definitionsDir: string) {
    this.#link = link;
    this.#clock = clock;
    this.#definitionsDir = definitionsDir;
  }

  /** What journeys are checked against; the files of this build do not change. */
  get around(): Surroundings {
    return (this.#around ??= readCheckedSurroundings(this.#definitionsDir));
  }

  /** Throws the 503 problem when NATS does not answer. */
  async ask<T>(question: (registry: JourneyRegistry) => Promise<T>): Promise<T> {
    const { nc } = this.#link.parts;
    this.#registry ??= new JourneyRegistry({
      bucket: new DefinitionsBucket(nc),
      clock: this.#clock,
      check: checkAgainst(() => this.around),
    });
    const registry = this.#registry;
    return answered(() => question(registry));
  }

  /** The same, of catalogues and policy packs. */
  async askPublications<T>(question: (publications: Publications) => Promise<T>): Promise<T> {
    const { nc } = this.#link.parts;
    const ports = {
      bucket: new DefinitionsBucket(nc),
      clock: this.#clock,
      check: checkAmong(this.#definitionsDir),
    };
    const publications = {
      catalogue: new ReleaseLog(CATALOGUES, ports),
      policy: new ReleaseLog(POLICY_PACKS, ports),
    };
    return answered(() => question(publications));
  }

  /** The release, its history, and the versions that are live or proposed; `undefined` when there is none of this id. */
  async story<D>(log: ReleasesOf<D>, id: string): Promise<Story<D> | undefined> {
    const release = await log.release(id);
    if (!release) return undefined;
    const shown = release.versions.filter(
      (v) => !isPublished(v) || release.live.some((l) => l.version === v.version),
    );
    const [history, ...definitions] = await Promise.all([
      log.history(id),
      ...shown.map((v): Promise<D | undefined> => log.definition(id, v.version)),
    ]);
    return {
      release: this.view(release),
      definitions: definitions.filter((d) => d !== undefined),
      history,
      chain: [...checkGovernanceChain(history, release.head)],
    };
  }

  view(release: ReleaseRecord): z.infer<typeof releaseViewV1> {
    return { ...release, shares: [...sharesAt(release, this.#clock.now())] };
  }

  /** Throws a problem for what is refused. */
  released(result: ReleaseResult): z.infer<typeof releaseAnswerV1> {
    if (result.kind === "refused") throw problemOf(result);
    return {
      status: result.kind,
      ...(result.kind === "unchanged" ? { detail: result.detail } : {}),
      release: this.view(result.now),
    };
  }

  switched(result: ControlsResult): z.infer<typeof controlsAnswerV1> {
    if (result.kind === "refused") throw problemOf(result);
    return {
      status: result.kind,
      ...(result.kind === "unchanged" ? { detail: result.detail } : {}),
      controls: controlsOf(result.now),
    };
  }
}

async function answered<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    // Definitions that are not there and records that cannot be read are no faults that pass.
    if (error instanceof ZodError || error instanceof CatalogueMissing || error instanceof ProblemError)
      throw error;
    throw streamAway({}, error);
  }
}

export function controlsOf({ revision, all, channels, journeys }: Controls): Controls {
  return { revision, all, channels, journeys };
}

function problemOf({ code, detail, problems }: Refused): ProblemError {
  const text = `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.`;
  const errors = problems?.map((p) => ({ pointer: "", code, detail: p }));
  const kind =
    code === "unknown_journey"
      ? "journey-not-found"
      : code === "unknown_definition"
        ? "definition-not-found"
        : code === "invalid_definition"
          ? "invalid-data"
          : "release-refused";
  return new ProblemError(kind, text, { errors, members: { code } });
}
