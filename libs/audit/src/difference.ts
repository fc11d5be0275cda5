/** Where two JSON values first differ. */
export interface Difference {
  /** E.g. `journeys[0].wait.dueAt`; empty for the values themselves. */
  readonly path: string;
  /** As JSON; undefined where there is nothing. */
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
}

/** The first difference, in the order of the fields; undefined when there is none. The order of fields counts for nothing. */
export function firstDifference(expected: unknown, actual: unknown, path = ""): Difference | undefined {
  if (Object.is(expected, actual)) return undefined;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
      const found = firstDifference(expected[i], actual[i], `${path}[${i}]`);
      if (found) return found;
    }
    return undefined;
  }
  if (isObject(expected) && isObject(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = firstDifference(expected[key], actual[key], path === "" ? key : `${path}.${key}`);
      if (found) return found;
    }
    return undefined;
  }
  const [before, now] = [shown(expected), shown(actual)];
  return {
    path,
    ...(before === undefined ? {} : { expected: before }),
    ...(now === undefined ? {} : { actual: now }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SHOWN_CHARS = 300;

function shown(value: unknown): string | undefined {
  const text = value === undefined ? undefined : JSON.stringify(value);
  return text !== undefined && text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
