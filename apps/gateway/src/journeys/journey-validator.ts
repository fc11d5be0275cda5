/** Validates a journey against the definitions of this installation and what is published. */
import type { JourneyDefinition, JourneyValidationAnswer } from "#contracts";
import { readSurroundings, validateJourney, type Surroundings } from "#definitions";
import { DefinitionsBucket, liveJourneys, readPublished } from "#registry";
import type { NatsLink } from "../nats-link.js";

/** What the findings give as the file. */
const FILE = "journey";

export class JourneyValidator {
  readonly #link: NatsLink;
  readonly #definitionsDir: string;
  /** Read once: the definitions of an installation do not change while it runs. */
  #around: Surroundings | undefined;

  constructor(link: NatsLink, definitionsDir: string) {
    this.#link = link;
    this.#definitionsDir = definitionsDir;
  }

  /** `text` is YAML, of which JSON is a part. */
  async validate(text: string): Promise<JourneyValidationAnswer> {
    this.#around ??= readSurroundings(this.#definitionsDir);
    const published = (await this.#published()) ?? this.#around.published;
    const { problems, warnings } = validateJourney({ name: FILE, text }, { ...this.#around, published });
    return { ok: problems.length === 0, problems: [...problems], warnings: [...warnings] };
  }

  /** `undefined` while NATS is away: then the files of this installation stand for what is published. */
  async #published(): Promise<readonly JourneyDefinition[] | undefined> {
    const nc = this.#link.connected ? this.#link.connection?.nc : undefined;
    if (!nc) return undefined;
    try {
      return liveJourneys(await readPublished(new DefinitionsBucket(nc)));
    } catch {
      return undefined;
    }
  }
}
