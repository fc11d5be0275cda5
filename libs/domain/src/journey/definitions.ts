import { DEFAULT_PRIORITY, type JourneyDefinition, type StepDefinition } from "#contracts";
import type { Expressions } from "../expressions.js";
import { ENGINE_VERSION } from "./flags.js";

export interface JourneysOptions {
  /** Version of the engine that new instances get: another than the newest only to replay what an older one did. */
  readonly engine?: number;
}

/** The published journeys, indexed: the newest version of each takes new customers, older ones finish their own (I10). */
export class Journeys {
  readonly engine: number;
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
    options: JourneysOptions = {},
  ) {
    this.engine = options.engine ?? ENGINE_VERSION;
    for (const d of definitions) {
      this.#versions.set(`${d.id}@${d.version}`, d);
      const newest = this.#newest.get(d.id);
      if (!newest || d.version > newest.version) this.#newest.set(d.id, d);
      this.#steps.set(d, new Map(d.steps.map((step) => [step.id, { step, next: nextOf(step) }])));
    }
    for (const d of [...this.#newest.values()].sort(byPriority)) {
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

  /** Newest versions that this event type may start, by priority, then id. */
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

/** Highest priority first, then by id. */
export function byPriority(
  a: Pick<JourneyDefinition, "id" | "priority">,
  b: Pick<JourneyDefinition, "id" | "priority">,
): number {
  const higher = (b.priority ?? DEFAULT_PRIORITY) - (a.priority ?? DEFAULT_PRIORITY);
  if (higher !== 0) return higher;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function nextOf(step: StepDefinition): string | undefined {
  return "next" in step ? step.next : undefined;
}

export function typesOf(event: string | readonly string[]): readonly string[] {
  return typeof event === "string" ? [event] : event;
}
