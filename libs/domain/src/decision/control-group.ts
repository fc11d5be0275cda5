/**
 * Control groups: customers who get no marketing, so that it can be said what marketing is worth. Who is in one follows from
 * the customer's id and the experiment's salt alone: the same customers always, on every service and in every replay.
 */
import type { DecisionRequest, ExperimentDefinition } from "#contracts";

/** What a decision must know of an experiment. */
export type ControlGroup = Pick<ExperimentDefinition, "id" | "version" | "journeys" | "control"> & {
  /** Names the content. */
  readonly digest?: string;
};

/** Finalizer of MurmurHash3 (public domain, Austin Appleby): every bit of the result depends on every bit of `h`. */
function mixed(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const GOLDEN = 0x9e3779b9;

function absorbed(state: number, text: string): number {
  let h = state;
  for (let i = 0; i < text.length; i++) h = mixed((h + GOLDEN) ^ text.charCodeAt(i));
  return h;
}

/**
 * Where a customer stands in an experiment's draw: 0 to 1, even over customers and independent between salts (each character
 * is mixed in whole, unlike FNV, whose last bits would move together under any two salts).
 */
export function lotOf(customerId: string, salt: string): number {
  return absorbed(mixed(absorbed(salt.length, salt)), customerId) / 0x1_0000_0000;
}

/** True when the experiment's control group holds this customer. */
export function isControl(
  customerId: string,
  { id, control }: Pick<ControlGroup, "id" | "control">,
): boolean {
  return lotOf(customerId, control.salt ?? id) * 100 < control.percent;
}

/** True when the experiment is about marketing of this journey. */
export function concernsJourney({ journeys }: Pick<ControlGroup, "journeys">, journey: string): boolean {
  return journeys?.includes(journey) ?? true;
}

/** The first experiment whose control group keeps marketing of the request's journey from its customer. */
export function heldOutBy(
  { customerId, journey }: Pick<DecisionRequest, "customerId" | "journey">,
  experiments: readonly ControlGroup[],
): string | undefined {
  return experiments.find((e) => concernsJourney(e, journey.id) && isControl(customerId, e))?.id;
}
