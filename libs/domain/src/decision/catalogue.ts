import {
  durationMs,
  type ActionDefinition,
  type Arbitration,
  type Channel,
  type DecisionRequest,
  type Explanation,
  type Limits,
} from "#contracts";
import { DAY_MS, zoneOf } from "../time/zone.js";
import { parseIso } from "../time/iso-text.js";
import type { ControlGroup } from "./control-group.js";
import { missingVariable } from "./text.js";

/** All actions that a decision may choose from, and the catalogues that they come from. */
export interface Catalogue {
  readonly actions: ReadonlyMap<string, ActionDefinition>;
  /** Of the one catalogue that has it. */
  readonly arbitration?: Arbitration;
  /** In order of id. */
  readonly versions: readonly {
    readonly id: string;
    readonly version: number;
    /** Names the content. */
    readonly digest?: string;
  }[];
  /** Control groups in force, in order of id. */
  readonly experiments?: readonly ControlGroup[];
}

/** The ids that compete: those that the request names, in its order, then those of its tags in the catalogue's. Each once. */
export function candidatesOf(request: DecisionRequest, catalogue: Catalogue): Iterable<string> {
  const { candidates, tags } = request;
  if (!tags) return candidates.length === 1 ? candidates : new Set(candidates);
  const found = new Set(candidates);
  const tagged = byTag(catalogue);
  for (const tag of tags) for (const id of tagged.get(tag) ?? []) found.add(id);
  return found;
}

/** Ids by tag; a catalogue is never changed, so that this is found once. */
const taggedIn = new WeakMap<Catalogue, ReadonlyMap<string, readonly string[]>>();

function byTag(catalogue: Catalogue): ReadonlyMap<string, readonly string[]> {
  const known = taggedIn.get(catalogue);
  if (known) return known;
  const found = new Map<string, string[]>();
  for (const { id, tags = [] } of catalogue.actions.values())
    for (const tag of tags) {
      const ids = found.get(tag);
      if (ids) ids.push(id);
      else found.set(tag, [id]);
    }
  taggedIn.set(catalogue, found);
  return found;
}

const channelsFound = new WeakMap<ActionDefinition, readonly Channel[]>();

/** The channels of an action's treatments, in order of preference, each once. */
export function channelsIn(action: ActionDefinition): readonly Channel[] {
  let channels = channelsFound.get(action);
  if (!channels) {
    channels = [...new Set(action.treatments.map((t) => t.channel))];
    channelsFound.set(action, channels);
  }
  return channels;
}

/** Quota and budget of an action, as policy counts them. */
export function limitsOf({ quota, budget, cost = 0 }: ActionDefinition): Limits {
  const period = (text: string | undefined): { periodMs?: number } =>
    text === undefined ? {} : { periodMs: durationMs(text) };
  return {
    ...(quota ? { quota: { count: quota.count, ...period(quota.period) } } : {}),
    ...(budget ? { budget: { amount: budget.amount, ...period(budget.period) } } : {}),
    cost,
  };
}

/** Why an action cannot be said at all now: its time has not come or is over, or its texts lack what they need. */
export function unavailable(action: ActionDefinition, request: DecisionRequest): Explanation | undefined {
  if (action.validity) {
    const { from, until } = validityOf(action);
    if (request.at < from)
      return {
        action: action.id,
        stage: "eligibility",
        reason: `not_yet_valid: from ${action.validity.from!}`,
      };
    if (request.at >= until)
      return {
        action: action.id,
        stage: "eligibility",
        reason: `no_longer_valid: until ${action.validity.until!}`,
      };
  }
  const missing = action.variables && missingVariable(action.variables, request.moment.data);
  return missing === undefined
    ? undefined
    : { action: action.id, stage: "applicability", reason: `value_missing: ${missing}` };
}

interface Validity {
  /** Epoch ms, the first that is in it. */
  readonly from: number;
  /** Epoch ms, the first that is not. */
  readonly until: number;
}

const validities = new WeakMap<ActionDefinition, Validity>();

/** A day is one of UTC; the day of `until` belongs to it. Texts that are no dates bound nothing: the loader refuses them. */
export function validityOf(action: ActionDefinition): Validity {
  const known = validities.get(action);
  if (known) return known;
  const { from, until } = action.validity ?? {};
  const validity = {
    from: (from === undefined ? undefined : instant(from)) ?? -Infinity,
    until: (until === undefined ? undefined : endOf(until)) ?? Infinity,
  };
  validities.set(action, validity);
  return validity;
}

function instant(text: string): number | undefined {
  const utc = zoneOf("UTC");
  return utc && parseIso(text, utc);
}

function endOf(text: string): number | undefined {
  const at = instant(text);
  return at === undefined || text.includes("T") ? at : at + DAY_MS;
}
