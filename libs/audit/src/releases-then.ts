/** Which journeys were published, and what was live of each, at a time in the past: from the bucket and the chains in AUDIT. */
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  definitionKeys,
  GOVERNANCE_STREAM,
  governanceRecordV1,
  journeyV1,
  NO_CONTROLS,
  subjects,
  type GovernanceChange,
  type JourneyDefinition,
  type JourneyRelease,
  type SignalsDefinition,
} from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { foldControls, foldRelease, unreleased } from "#registry";
import { archivedSignals } from "./definition-archive.js";
import { readFiltered } from "./stored-messages.js";

export interface Dated<T> {
  /** Wall clock, epoch ms. */
  readonly at: number;
  readonly value: T;
}

/** What a record says. */
export interface Met {
  /** By journey: the version that the customer entered, or was refused. */
  readonly versions: ReadonlyMap<string, number>;
  /** Version of the engine that new instances got; undefined when none was entered. */
  readonly engine: number | undefined;
}

/** An actor hears of a change within this, and of none sooner before its record is in AUDIT. */
const HEARD_WITHIN_MS = 10_000;

export class ReleasesThen {
  readonly #expressions = createExpressions();
  #built: { readonly key: string; readonly journeys: Journeys } | undefined;

  private constructor(
    private readonly definitions: readonly Dated<JourneyDefinition>[],
    private readonly changes: readonly Dated<{
      readonly journey: string;
      readonly change: GovernanceChange;
    }>[],
    private readonly signals: readonly Dated<SignalsDefinition>[],
  ) {}

  static async read(nc: NatsConnection): Promise<ReleasesThen> {
    const kv = await new Kvm(nc).open("definitions");
    const definitions: Dated<JourneyDefinition>[] = [];
    for await (const key of await kv.keys(definitionKeys.journeys)) {
      const entry = await kv.get(key);
      if (entry) definitions.push({ at: entry.created.getTime(), value: journeyV1.parse(entry.json()) });
    }
    const changes: Dated<{ journey: string; change: GovernanceChange }>[] = [];
    for await (const m of readFiltered(nc, GOVERNANCE_STREAM, [
      subjects.auditOfJourneys,
      subjects.auditOfControls,
    ])) {
      const parsed = governanceRecordV1.safeParse(JSON.parse(m.string()));
      if (!parsed.success) continue;
      const { journey, change } = parsed.data;
      changes.push({ at: m.storedAt, value: { journey, change } });
    }
    return new ReleasesThen(definitions, changes, await archivedSignals(nc));
  }

  /**
   * As an actor knew them at a time (wall clock). An actor hears of a change a moment after it is stored: where a record
   * says which version the customer met, that counts.
   */
  at(wallMs: number, met: Met): Journeys {
    const definitions = this.definitions.filter((d) => d.at <= wallMs);
    const changes = this.changes.filter((c) => c.at <= wallMs);
    const signals = newestOf(this.signals.filter((d) => d.at <= wallMs));
    const key = JSON.stringify([
      definitions.length,
      changes.length,
      signals.map((d) => d.at),
      [...met.versions],
      met.engine,
    ]);
    if (this.#built?.key === key) return this.#built.journeys;
    const journeys = this.#build(definitions, changes, signals, met);
    this.#built = { key, journeys };
    return journeys;
  }

  /**
   * Times (wall clock) that tell apart what an actor may have known of an event that was stored and handled at these
   * times: it may have handled it long after EVT stored it, and a change may be on its way to it.
   */
  changesBetween(storedMs: number, handledMs: number): number[] {
    const near = this.changes.filter(
      ({ at }) => at > storedMs - HEARD_WITHIN_MS && at <= Math.max(storedMs, handledMs) + HEARD_WITHIN_MS,
    );
    return [...new Set(near.flatMap(({ at }) => [at - 1, at]))];
  }

  #build(
    dated: readonly Dated<JourneyDefinition>[],
    changes: readonly Dated<{ readonly journey: string; readonly change: GovernanceChange }>[],
    signals: readonly Dated<SignalsDefinition>[],
    met: Met,
  ): Journeys {
    const releases = new Map<string, JourneyRelease>();
    let controls = NO_CONTROLS;
    for (const { value } of changes) {
      const { journey, change } = value;
      if (journey === "") controls = foldControls(controls, change);
      else releases.set(journey, foldRelease(releases.get(journey) ?? unreleased(journey), change));
    }
    for (const [journey, version] of met.versions) {
      const release = releases.get(journey) ?? unreleased(journey);
      releases.set(journey, { ...release, live: [{ version, percent: 100, from: -Infinity }] });
    }
    const known = dated.map((d) => d.value);
    // A definition that a record names was known, whatever the clocks say.
    for (const [journey, version] of met.versions) {
      const named = this.definitions.find((d) => d.value.id === journey && d.value.version === version);
      if (named && !known.includes(named.value)) known.push(named.value);
    }
    return new Journeys(known, this.#expressions, {
      releases: [...releases.values()].filter((r) => r.live.length > 0 || r.rolledBack.length > 0),
      controls,
      signals: signals.map((d) => d.value),
      engine: met.engine,
    });
  }
}

/** Of several contents of one definition the one that was archived last. */
function newestOf(dated: readonly Dated<SignalsDefinition>[]): Dated<SignalsDefinition>[] {
  const newest = new Map<string, Dated<SignalsDefinition>>();
  for (const d of dated) if (d.at >= (newest.get(d.value.id)?.at ?? 0)) newest.set(d.value.id, d);
  return [...newest.values()].sort((a, b) => (a.value.id < b.value.id ? -1 : 1));
}
