/**
 * What is live of each journey (`JourneyRelease`), as the engine follows it: who enters which version, and what a running
 * instance does when its journey is stopped or its version rolled back or migrated. There is no sweep over the customers:
 * an instance follows at the next event or timer of its customer, before anything else of that turn.
 */
import {
  fnv1a32,
  type Controls,
  type JourneyDefinition,
  type JourneyInstance,
  type JourneyRelease,
} from "#contracts";
import { NO_CONTROLS } from "#contracts";
import type { Journeys } from "./definitions.js";
import { migratedStep, sameStep } from "./migrate.js";
import { end, replace, type Turn } from "./turn.js";

/** A version that new customers enter, with its definition. */
interface Live {
  readonly definition: JourneyDefinition;
  readonly percent: number;
  readonly from: number;
}

/** 0 to 99: where a customer stands among all, for one journey. Always the same; a share of p % holds those below p. */
export function shareOf(journey: string, customerId: string): number {
  // The low digits of FNV follow the last characters of similar ids too closely: mixed once more.
  let h = fnv1a32(`${journey}\n${customerId}`);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % 100;
}

export class Releases {
  readonly #byJourney = new Map<string, JourneyRelease>();
  readonly #live = new Map<string, readonly Live[]>();
  readonly #controls: Controls;

  constructor(
    releases: readonly JourneyRelease[],
    controls: Controls = NO_CONTROLS,
    version: (id: string, version: number) => JourneyDefinition | undefined,
  ) {
    this.#controls = controls;
    for (const release of releases) {
      this.#byJourney.set(release.journey, release);
      const live = release.live.flatMap(({ version: v, percent, from }) => {
        const definition = version(release.journey, v);
        return definition ? [{ definition, percent, from }] : [];
      });
      this.#live.set(release.journey, live);
    }
  }

  /** True when there is nothing to follow. */
  get none(): boolean {
    return this.#byJourney.size === 0;
  }

  of(journey: string): JourneyRelease | undefined {
    return this.#byJourney.get(journey);
  }

  /** Versions that somebody may enter, now or later; `undefined` when the journey has no release record. */
  live(journey: string): readonly JourneyDefinition[] | undefined {
    return this.#live.get(journey)?.map((l) => l.definition);
  }

  /** The version that this customer enters at `at`, epoch ms; without a release record that is `newest`. */
  version(newest: JourneyDefinition, customerId: string, at: number): JourneyDefinition | undefined {
    const live = this.#live.get(newest.id);
    if (!live) return newest;
    const share = shareOf(newest.id, customerId);
    return live.find((l) => l.from <= at && share < l.percent)?.definition;
  }

  /** Why nobody enters this journey now. */
  closed(journey: string): string | undefined {
    if (this.#controls.journeys.includes(journey)) return "journey_stopped";
    const state = this.#byJourney.get(journey)?.state;
    return state === undefined || state === "live" ? undefined : `journey_${state}`;
  }

  paused(journey: string): boolean {
    return this.#byJourney.get(journey)?.state === "paused";
  }
}

/** Brings the customer's open instances up to date with the releases. */
export function follow(turn: Turn, journeys: Journeys): void {
  if (journeys.releases.none) return;
  for (const { id } of turn.context.journeys) {
    const instance = turn.context.journeys.find((j) => j.id === id);
    const release = instance && journeys.releases.of(instance.journey);
    // Branches of a parallel step go where the instance goes that runs the step.
    if (!instance || !release || instance.parent !== undefined) continue;
    if (release.state === "stopped") end(turn, instance, "stopped");
    else if (!followRollback(turn, instance, release, journeys))
      followMigrations(turn, instance, release, journeys);
  }
}

/** The instance with its branches, and theirs. Branches stand behind the instance that started them. */
function familyOf(turn: Turn, instance: JourneyInstance): readonly JourneyInstance[] {
  const ids = new Set([instance.id]);
  return turn.context.journeys.filter(({ id, parent }) => {
    if (parent !== undefined && ids.has(parent)) ids.add(id);
    return ids.has(id);
  });
}

/** True when the version was rolled back and the instance has done what that version says for this case. */
function followRollback(
  turn: Turn,
  instance: JourneyInstance,
  release: JourneyRelease,
  journeys: Journeys,
): boolean {
  const { journey, version } = instance;
  if (!release.rolledBack.includes(version)) return false;
  const definition = journeys.version(journey, version);
  const rule = definition?.onRollback ?? "stay";
  if (rule === "stay") return false;
  const previous = rule === "to-previous" ? previousOf(journey, version, release, journeys) : undefined;
  const family = familyOf(turn, instance);
  const fits =
    definition !== undefined &&
    previous !== undefined &&
    family.every((j) =>
      sameStep(journeys.step(definition, j.step)?.step, journeys.step(previous, j.step)?.step),
    );
  if (fits) for (const j of family) moveTo(turn, j, previous.version, j.step, "rollback");
  else end(turn, instance, "rolled_back");
  return true;
}

/** The newest version before this one that was not rolled back itself. */
function previousOf(
  journey: string,
  version: number,
  release: JourneyRelease,
  journeys: Journeys,
): JourneyDefinition | undefined {
  for (let v = version - 1; v > 0; v--) {
    const found = release.rolledBack.includes(v) ? undefined : journeys.version(journey, v);
    if (found) return found;
  }
  return undefined;
}

/** One migration after the other, as far as they lead; an instance whose step is not mapped stays pinned (I10). */
function followMigrations(
  turn: Turn,
  instance: JourneyInstance,
  release: JourneyRelease,
  journeys: Journeys,
): void {
  for (const migration of release.migrations) {
    const family = familyOf(turn, instance);
    const version = family[0]?.version;
    const from = version === undefined ? undefined : journeys.version(instance.journey, version);
    const to = journeys.version(instance.journey, migration.to);
    if (version !== migration.from || !from || !to) continue;
    const steps = family.map((j) => migratedStep(migration.steps, j.step, from, to));
    if (steps.includes(undefined)) continue;
    for (const [i, j] of family.entries()) moveTo(turn, j, to.version, steps[i]!, "migration");
  }
}

/** The open wait stays as it is, with its due time. */
function moveTo(
  turn: Turn,
  instance: JourneyInstance,
  version: number,
  step: string,
  reason: "migration" | "rollback",
): void {
  replace(turn, { ...instance, version, step });
  turn.entries.push({
    kind: "journey-migrated",
    journey: instance.journey,
    version,
    instance: instance.id,
    from: instance.version,
    step,
    reason,
  });
}
