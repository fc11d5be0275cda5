/**
 * Records in the context have keys that come from outside (event types, attribute names, entry keys): what they
 * inherit, such as `constructor`, is not there.
 */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The one name that cannot be an ordinary key of an object. */
export const UNUSABLE_KEY = "__proto__";
