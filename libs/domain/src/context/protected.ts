/**
 * Keeps protected attributes out of decisions by construction: they are taken out of an event before anything sees it, so
 * that no condition, window, model, text or command can tell one group from another. What `data` and `data.attributes`
 * said of them is remembered apart from the other attributes, for monitoring.
 */
import { isProtected, LIMITS, type Context, type CustomerEvent } from "#contracts";

type Groups = NonNullable<Context["monitoring"]>;
type Data = CustomerEvent["data"];

/** The event without its protected fields, at any depth; the very same object when it has none. */
export function withoutProtected(event: CustomerEvent): CustomerEvent {
  const data = stripped(event.data);
  return data === event.data ? event : { ...event, data: data as Data };
}

/** The groups with what the event says of them; the same object when it says nothing new. Bounded as attributes are. */
export function withGroups(groups: Groups | undefined, data: Data): Groups | undefined {
  let next = groups;
  const declared = data["attributes"];
  for (const source of [data, declared]) {
    if (typeof source !== "object" || source === null || Array.isArray(source)) continue;
    for (const [name, value] of Object.entries(source)) {
      if (!isProtected(name) || !isKept(name, value) || next?.[name] === value) continue;
      const known = next !== undefined && Object.hasOwn(next, name);
      if (!known && Object.keys(next ?? {}).length >= LIMITS.attributes) continue;
      next = { ...next, [name]: value };
    }
  }
  return next;
}

function isKept(name: string, value: unknown): value is string | number | boolean {
  if (name.length > LIMITS.attributeChars) return false;
  if (typeof value === "string") return value.length <= LIMITS.attributeChars;
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

function stripped(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map(stripped);
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  let copy: Record<string, unknown> | undefined;
  const fields = value as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    if (isProtected(name)) {
      copy ??= { ...fields };
      delete copy[name];
      continue;
    }
    const field = fields[name];
    if (typeof field !== "object") continue;
    const kept = stripped(field);
    if (kept !== field) (copy ??= { ...fields })[name] = kept;
  }
  return copy ?? value;
}
