import type { JourneyDefinition, StepDefinition } from "#contracts";
import type { Expressions } from "../expressions.js";

/** The published journeys, indexed: the newest version of each takes new customers, older ones finish their own (I10). */
export class Journeys {
  readonly #versions = new Map<string, JourneyDefinition>();
  readonly #newest = new Map<string, JourneyDefinition>();
  readonly #byTrigger = new Map<string, JourneyDefinition[]>();
  readonly #steps = new Map<
    JourneyDefinition,
    Map<string, { step: StepDefinition; next: string | undefined }>
  >();

  constructor(
    definitions: readonly JourneyDefinition[],
    readonly expressions: Expressions,
  ) {
    for (const d of definitions) {
      this.#versions.set(`${d.id}@${d.version}`, d);
      const newest = this.#newest.get(d.id);
      if (!newest || d.version > newest.version) this.#newest.set(d.id, d);
      this.#steps.set(d, new Map(d.steps.map((step) => [step.id, { step, next: nextOf(step) }])));
    }
    for (const d of [...this.#newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      for (const type of typesOf(d.trigger.event)) {
        const list = this.#byTrigger.get(type);
        if (list) list.push(d);
        else this.#byTrigger.set(type, [d]);
      }
    }
  }

  version(id: string, version: number): JourneyDefinition | undefined {
    return this.#versions.get(`${id}@${version}`);
  }

  /** The version that new customers enter. */
  newest(id: string): JourneyDefinition | undefined {
    return this.#newest.get(id);
  }

  /** Newest versions that this event type may start, by id. */
  startedBy(type: string): readonly JourneyDefinition[] {
    return this.#byTrigger.get(type) ?? [];
  }

  /** A step with the id of the one that it goes on to (without one the journey is completed); `undefined` when there is no such step. */
  step(
    definition: JourneyDefinition,
    id: string,
  ): { step: StepDefinition; next: string | undefined } | undefined {
    return this.#steps.get(definition)?.get(id);
  }
}

function nextOf(step: StepDefinition): string | undefined {
  return "next" in step ? step.next : undefined;
}

export function typesOf(event: string | readonly string[]): readonly string[] {
  return typeof event === "string" ? [event] : event;
}
