/** The snapshot of the published contracts in docs/contracts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { contractJsonSchema, PUBLISHED_CONTRACTS } from "./index.js";

const dir = join(process.cwd(), "docs", "contracts");
const names = Object.keys(PUBLISHED_CONTRACTS).sort();
const HOW_TO =
  "If you meant to change it: a change must be additive (new optional fields, new types; nothing renamed, removed, narrowed or newly required), " +
  "because messages of the old form are stored; anything else is a new version beside the old one. " +
  'Then run "npm run build && node scripts/contracts-snapshot.mjs" and commit docs/contracts.';

function read(name: string): unknown {
  try {
    return JSON.parse(readFileSync(join(dir, `${name}.json`), "utf8"));
  } catch (cause) {
    throw new Error(`docs/contracts/${name}.json cannot be read. ${HOW_TO}`, { cause });
  }
}

/** Where two JSON values differ first, as a path; `undefined` when they are equal. */
function firstDifference(a: unknown, b: unknown, path = "$"): string | undefined {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object")
    return Object.is(a, b) ? undefined : path;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return Array.isArray(a) === Array.isArray(b) ? undefined : path;
}

describe("the published contracts", () => {
  it.each(names)("%s is as in docs/contracts", (name) => {
    const difference = firstDifference(read(name), JSON.parse(JSON.stringify(contractJsonSchema(name))));
    if (difference !== undefined)
      throw new Error(
        `the contract ${name} differs from docs/contracts/${name}.json at ${difference}. ${HOW_TO}`,
      );
  });

  it("are all there, and no others", () => {
    const files = readdirSync(dir).filter((file) => file.endsWith(".json"));
    expect(files.sort()).toEqual(names.map((name) => `${name}.json`));
  });

  it("see a difference wherever it is", () => {
    expect(firstDifference({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toBe("$.a.1.b");
    expect(firstDifference({ a: 1 }, { a: 1, b: 2 })).toBe("$.b");
    expect(firstDifference([], {})).toBe("$");
    expect(firstDifference({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBeUndefined();
  });

  it("has no others", () =>
    expect(() => contractJsonSchema("gossip.v1")).toThrow('no published contract "gossip.v1"'));
});
