import type { Asked, Features } from "#domain";

/** What a model of the bank's own says: propensities by action. `version` of its own numbering, 0 without one. */
export interface OwnPropensities {
  readonly version: number;
  readonly p: ReadonlyMap<string, number>;
}

/** A model of the bank's own. */
export abstract class OwnModel {
  /** Rejects when it cannot say, or when `signal` aborts: then nobody waits for it any more. */
  abstract ask(features: Features, asked: readonly Asked[], signal: AbortSignal): Promise<OwnPropensities>;
}
