/**
 * The experiments of an installation: decisions from AUDIT, successes from EVT, one partition at a time. Each experiment is
 * taken as it was: every content that a decision record names is one of its own.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import { archived, readFiltered } from "#audit";
import { recordedClock } from "#clock";
import {
  ALL_PARTITIONS,
  streamOf,
  subjects,
  type DecisionRecord,
  type ExperimentDefinition,
} from "#contracts";
import { createExpressions } from "#definitions";
import { ExpressionFailed, type Expressions } from "#domain";
import { parseEvent } from "#messaging";
import { ExperimentFold } from "./experiment-fold.js";
import { experimentReport, type ExperimentReport } from "./experiment-report.js";
import { recordsOf } from "./kpi-reader.js";

/** Reports of all experiments that a decision on record was made under, newest version first. */
export async function readExperiments(nc: NatsConnection, now?: number): Promise<ExperimentReport[]> {
  const reader = new ExperimentReader(nc);
  for (const p of ALL_PARTITIONS) await reader.read(p);
  const folds = [...reader.folds.values()];
  const latest = now ?? Math.max(0, ...folds.map((f) => f.latest));
  return folds
    .map((fold) => experimentReport(fold, latest))
    .sort((a, b) =>
      a.experiment < b.experiment ? -1 : a.experiment > b.experiment ? 1 : b.version - a.version,
    );
}

class ExperimentReader {
  /** By name and version name, as records have them. */
  readonly folds = new Map<string, ExperimentFold>();
  readonly #expressions: Expressions = createExpressions();
  readonly #experiments = new Map<string, ExperimentDefinition | undefined>();
  readonly #marketing = new Map<string, ReadonlySet<string>>();

  constructor(private readonly nc: NatsConnection) {}

  async read(p: number): Promise<void> {
    const decisions = subjects.auditOfKindInPartition(p, "decision");
    for await (const message of readFiltered(this.nc, streamOf("AUDIT", p), decisions))
      for (const record of recordsOf(message)) if ("request" in record) await this.#decision(record);
    const folds = [...this.folds.values()];
    const types = new Set(folds.flatMap((f) => [f.experiment.success.event].flat()));
    const filters = [...types].map((type) => subjects.evtOfTypeInPartition(p, type));
    if (filters.length > 0)
      for await (const message of readFiltered(this.nc, streamOf("EVT", p), filters)) {
        // An event without a time happened when it was stored.
        const parsed = parseEvent(
          message,
          recordedClock(() => message.storedAt),
        );
        if (parsed.kind !== "event") continue;
        const { event } = parsed;
        for (const fold of folds) {
          if (!fold.has(event.customerId)) continue;
          const { when, value, event: hoped } = fold.experiment.success;
          if (![hoped].flat().includes(event.type)) continue;
          if (when !== undefined && !this.#holds(when, event)) continue;
          fold.success(event.customerId, {
            at: event.time,
            value: value === undefined ? 0 : this.#number(value, event),
          });
        }
      }
    for (const fold of folds) fold.close();
  }

  async #decision(record: DecisionRecord): Promise<void> {
    const named = Object.entries(record.versions).filter(([key]) => key.startsWith("experiment/"));
    if (named.length === 0) return;
    const marketing = await this.#marketingOf(record);
    const inForce: [string, ExperimentDefinition][] = [];
    for (const [key, name] of named) {
      const experiment = await this.#experiment(key.slice("experiment/".length), name);
      if (experiment) inForce.push([`${key}@${name}`, experiment]);
    }
    const definitions = inForce.map(([, e]) => e);
    for (const [key, experiment] of inForce) {
      let fold = this.folds.get(key);
      if (!fold) this.folds.set(key, (fold = new ExperimentFold(experiment, definitions)));
      fold.decision(record, (action) => marketing.has(action));
    }
  }

  async #experiment(id: string, name: string): Promise<ExperimentDefinition | undefined> {
    const key = `${id}@${name}`;
    if (!this.#experiments.has(key)) {
      const found = await archived(this.nc, "experiment", id, name);
      if (found.kind === "missing") throw new Error(found.problem);
      this.#experiments.set(key, found.definition.kind === "Experiment" ? found.definition : undefined);
    }
    return this.#experiments.get(key);
  }

  /** The actions for marketing of the catalogues that a decision was made with. */
  async #marketingOf({ versions }: DecisionRecord): Promise<ReadonlySet<string>> {
    const named = Object.entries(versions).filter(([key]) => key.startsWith("catalogue/"));
    const key = JSON.stringify(named);
    let actions = this.#marketing.get(key);
    if (!actions) {
      const found = new Set<string>();
      for (const [catalogue, name] of named) {
        const definition = await archived(this.nc, "catalogue", catalogue.slice("catalogue/".length), name);
        if (definition.kind === "missing") throw new Error(definition.problem);
        if (definition.definition.kind === "Catalogue")
          for (const action of definition.definition.actions)
            if (action.purpose === "marketing") found.add(action.id);
      }
      this.#marketing.set(key, (actions = found));
    }
    return actions;
  }

  /** What cannot be computed is no success, and worth nothing. */
  #holds(source: string, event: object): boolean {
    try {
      return this.#expressions.condition(source, { event, context: {} });
    } catch (error) {
      if (error instanceof ExpressionFailed) return false;
      throw error;
    }
  }

  #number(source: string, event: object): number {
    try {
      const value = this.#expressions.scalar(source, { event, context: {} });
      return typeof value === "number" ? value : 0;
    } catch (error) {
      if (error instanceof ExpressionFailed) return 0;
      throw error;
    }
  }
}
