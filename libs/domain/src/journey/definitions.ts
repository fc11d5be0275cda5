import {
  DEFAULT_PRIORITY,
  type Controls,
  type JourneyDefinition,
  type JourneyRelease,
  type SignalsDefinition,
  type StepDefinition,
} from "#contracts";
import type { Expressions } from "../expressions.js";
import { Windows } from "./count-windows.js";
import { ENGINE_VERSION } from "./flags.js";
import { Releases } from "./released.js";

/** What besides the definitions says how journeys run. */
export interface Governance {
  /** What is live of each journey; without a record it is its newest version, for everybody. */
  readonly releases?: readonly JourneyRelease[] | undefined;
  readonly controls?: Controls | undefined;
  readonly signals?: readonly SignalsDefinition[] | undefined;
  /** Version of the engine that new instances get: another than the newest only to replay what an older one did. */
  readonly engine?: number | undefined;
}

/** The journeys that events of a type may start. */
interface Entrances {
  readonly list: Entrance[];
  /** What everybody enters, by priority; absent when it depends on the customer or the time. */
  always: readonly JourneyDefinition[] | undefined;
}

interface Entrance {
  readonly newest: JourneyDefinition;
  /** Versions that start on this type. */
  readonly versions: ReadonlySet<JourneyDefinition>;
}

const NOTHING: readonly JourneyDefinition[] = [];

/** The published journeys, indexed: the live version of each takes new customers, others finish their own (I10). */
export class Journeys {
  readonly engine: number;
  readonly #versions = new Map<string, JourneyDefinition>();
  readonly #newest = new Map<string, JourneyDefinition>();
  readonly #byTrigger = new Map<string, Entrances>();
  readonly releases: Releases;
  readonly windows: Windows;
  readonly #steps = new Map<
    JourneyDefinition,
    Map<string, { step: StepDefinition; next: string | undefined }>
  >();

  constructor(
    definitions: readonly JourneyDefinition[],
    readonly expressions: Expressions,
    governance: Governance = {},
  ) {
    this.engine = governance.engine ?? ENGINE_VERSION;
    for (const d of definitions) {
      this.#versions.set(`${d.id}@${d.version}`, d);
      const newest = this.#newest.get(d.id);
      if (!newest || d.version > newest.version) this.#newest.set(d.id, d);
      this.#steps.set(d, new Map(d.steps.map((step) => [step.id, { step, next: nextOf(step) }])));
    }
    this.windows = new Windows(governance.signals ?? []);
    this.releases = new Releases(governance.releases ?? [], governance.controls, (id, version) =>
      this.version(id, version),
    );
    for (const d of [...this.#newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) this.#addEntrances(d);
  }

  #addEntrances(newest: JourneyDefinition): void {
    const versions = this.releases.live(newest.id) ?? [newest];
    for (const type of new Set(versions.flatMap((v) => typesOf(v.trigger.event)))) {
      const started = new Set(versions.filter((v) => typesOf(v.trigger.event).includes(type)));
      let entrances = this.#byTrigger.get(type);
      if (!entrances) this.#byTrigger.set(type, (entrances = { list: [], always: [] }));
      entrances.list.push({ newest, versions: started });
      entrances.always = this.releases.of(newest.id)
        ? undefined
        : entrances.always && [...entrances.always, newest].sort(byPriority);
    }
  }

  version(id: string, version: number): JourneyDefinition | undefined {
    return this.#versions.get(`${id}@${version}`);
  }

  newest(id: string): JourneyDefinition | undefined {
    return this.#newest.get(id);
  }

  /**
   * What this customer would enter at an event of this type at `at` (epoch ms): one version of each journey, by priority,
   * then id.
   */
  entering(type: string, customerId: string, at: number): readonly JourneyDefinition[] {
    const entrances = this.#byTrigger.get(type);
    if (!entrances) return NOTHING;
    if (entrances.always) return entrances.always;
    return entrances.list
      .flatMap(({ newest, versions }) => {
        const version = this.releases.version(newest, customerId, at);
        return version && versions.has(version) ? [version] : NOTHING;
      })
      .sort(byPriority);
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
