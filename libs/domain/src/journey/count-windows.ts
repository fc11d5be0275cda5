import type { SignalsDefinition, WindowDefinition } from "#contracts";
import { recordInWindow, windowOf, withWindow, type Measured } from "../context/windows.js";
import type { Journeys } from "./definitions.js";
import { condition, keyValue, type Turn } from "./turn.js";

interface Declared {
  readonly window: WindowDefinition;
  /** `signals/<file's id>/<window>`. */
  readonly where: string;
}

/** The declared windows by the event types that they are about. */
export class Windows {
  readonly #byType = new Map<string, Declared[]>();
  readonly #ids = new Set<string>();

  constructor(signals: readonly SignalsDefinition[]) {
    for (const { id, windows } of signals) {
      for (const window of windows) {
        this.#ids.add(window.id);
        for (const type of new Set([window.event].flat())) {
          const declared = { window, where: `signals/${id}/${window.id}` };
          const list = this.#byType.get(type);
          if (list) list.push(declared);
          else this.#byType.set(type, [declared]);
        }
      }
    }
  }

  has = (id: string): boolean => this.#ids.has(id);

  /** Windows that count events of this type. */
  about(type: string): readonly Declared[] | undefined {
    return this.#byType.get(type);
  }
}

/** Counts the turn's event in the windows that are about its type. An expression that fails leaves its window as it was. */
export function countWindows(turn: Turn, journeys: Journeys): void {
  const { event } = turn;
  const about = journeys.windows.about(event.type);
  if (!about) return;
  for (const { window, where } of about) {
    if (window.when !== undefined && !condition(turn, journeys, window.when, event, `${where}/when`))
      continue;
    const measured = window.of === undefined ? 1 : measure(turn, journeys, window, window.of, `${where}/of`);
    if (measured === undefined) continue;
    const { now, windows } = turn.context;
    const state = recordInWindow(windowOf(windows, window.id), window, measured, event.time, now);
    turn.context = {
      ...turn.context,
      windows: withWindow(windows, window.id, state, journeys.windows.has),
    };
  }
}

function measure(
  turn: Turn,
  journeys: Journeys,
  window: WindowDefinition,
  of: string,
  where: string,
): Measured | undefined {
  const value = keyValue(turn, journeys, of, turn.event, where);
  if (value === undefined || window.measure === "distinct") return value;
  const amount = value.trim() === "" ? Number.NaN : Number(value);
  // Larger ones are no amounts, and their sum could grow beyond what JSON can say.
  if (Math.abs(amount) <= Number.MAX_SAFE_INTEGER) return amount;
  turn.entries.push({
    kind: "expression-failed",
    where,
    error: `${of}: is ${JSON.stringify(value.slice(0, 64))}, not a number up to ${Number.MAX_SAFE_INTEGER}`,
  });
  return undefined;
}
