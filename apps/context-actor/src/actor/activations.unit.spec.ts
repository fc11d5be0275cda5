import { emptyContext } from "#domain";
import { Activation, Activations } from "./activations.js";

const stored = (
  bytes: number,
): { context: ReturnType<typeof emptyContext>; revision: number; bytes: number } => ({
  context: emptyContext("c"),
  revision: 1,
  bytes,
});
const activation = (id: string, bytes: number, partition = 0): Activation =>
  new Activation(id, partition, stored(bytes));

describe("activations in memory", () => {
  it("stay within their bytes; the least recently used leave first", () => {
    const cache = new Activations(10_000, () => false);
    for (const id of ["a", "b", "c"]) cache.put(activation(id, 1_000));
    expect(cache.size).toBe(3);
    cache.get("a");
    cache.put(activation("d", 1_000));
    expect(cache.get("b")).toBeUndefined();
    expect(["a", "c", "d"].map((id) => cache.get(id)?.customerId)).toEqual(["a", "c", "d"]);
    for (let i = 0; i < 1_000; i++) {
      cache.put(activation(`x${i}`, i));
      expect(cache.bytes).toBeLessThanOrEqual(10_000);
    }
  });

  it("count what a context grows by", () => {
    const cache = new Activations(10_000, () => false);
    const a = activation("a", 100);
    cache.put(a);
    const before = cache.bytes;
    cache.update(a, stored(600));
    expect(cache.bytes).toBe(before + 1_000);
    cache.drop("a");
    expect(cache.bytes).toBe(0);
  });

  it("keep what is at work, also beyond the bound", () => {
    const cache = new Activations(1_000, (id) => id === "busy");
    cache.put(activation("busy", 5_000));
    cache.put(activation("idle", 5_000));
    expect(cache.get("busy")).toBeDefined();
    expect(cache.get("idle")).toBeUndefined();
  });

  it("forget a partition whole", () => {
    const cache = new Activations(1_000_000, () => false);
    for (let i = 0; i < 10; i++) cache.put(activation(`c${i}`, 10, i % 2));
    cache.dropPartition(1);
    expect(cache.size).toBe(5);
  });
});
