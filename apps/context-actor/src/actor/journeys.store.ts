/**
 * What is published of the journeys: read from the bucket `definitions`, followed as people publish, roll back, pause
 * and stop. A version is immutable; those that are no longer live keep running for the instances that began on them (I10).
 */
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import type { JourneyDefinition, SignalsDefinition } from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { DefinitionsBucket, followPublished, installJourneys, readPublished } from "#registry";

export interface JourneysStoreOptions {
  readonly nc: NatsConnection;
  readonly clock: Clock;
  /** The versions that ship with this build. */
  readonly files: readonly JourneyDefinition[];
  readonly signals: readonly SignalsDefinition[];
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

export class JourneysStore {
  readonly #options: JourneysStoreOptions;
  readonly #bucket: DefinitionsBucket;
  readonly #expressions = createExpressions();

  constructor(options: JourneysStoreOptions) {
    this.#options = options;
    this.#bucket = new DefinitionsBucket(options.nc);
  }

  /** Publishes the files where nobody else governs a journey. Throws when a published version was changed. */
  async install(): Promise<void> {
    const { clock, files, log } = this.#options;
    for (const { id: journey, version, as } of await installJourneys(this.#bucket, clock, files)) {
      if (as === "proposed")
        log.warn(
          { journey, version },
          "people have released this journey: the version of this build's file is a proposal, for somebody to publish (segue publish)",
        );
      else log.info({ journey, version }, "published by the installation");
    }
    const { releases } = await readPublished(this.#bucket);
    for (const { journey, live } of releases) {
      const own = files.filter((f) => f.id === journey).map((f) => f.version);
      const [first] = live;
      if (own.length > 0 && first && first.version > Math.max(...own))
        log.warn(
          { journey, version: Math.max(...own), live: first.version },
          "a newer version is published than this build's file has; new customers enter that",
        );
    }
  }

  async read(): Promise<Journeys> {
    const { definitions, releases, controls } = await readPublished(this.#bucket);
    return new Journeys(definitions, this.#expressions, {
      releases,
      controls,
      signals: this.#options.signals,
    });
  }

  /** Hands over what is published now and after every change, until what it resolves with is called. */
  follow(use: (journeys: Journeys) => void): Promise<() => void> {
    const { nc, log } = this.#options;
    return followPublished(
      nc,
      async () => use(await this.read()),
      (error) => log.warn({ error: error.message }, "what is published could not be read; it is tried again"),
    );
  }
}
