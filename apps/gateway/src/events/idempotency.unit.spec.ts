import { fingerprintOf, IdempotencyStore } from "./idempotency.store.js";

describe("answers remembered by Idempotency-Key", () => {
  const counting = (): { work: () => Promise<{ n: number }>; runs: () => number } => {
    let n = 0;
    return { work: () => Promise.resolve({ n: ++n }), runs: () => n };
  };

  it("runs once per key, and every time without one", async () => {
    const store = new IdempotencyStore({ keepMs: 1_000 });
    const { work, runs } = counting();
    expect(await store.run("k", "f", work)).toEqual({ answer: { n: 1 }, replayed: false });
    expect(await store.run("k", "f", work)).toEqual({ answer: { n: 1 }, replayed: true });
    await store.run(undefined, "f", work);
    await store.run(undefined, "f", work);
    expect(runs()).toBe(3);
  });

  it("lets a second request wait for the first", async () => {
    const store = new IdempotencyStore({ keepMs: 1_000 });
    let finish: (value: string) => void = () => undefined;
    const first = store.run("k", "f", () => new Promise<string>((resolve) => (finish = resolve)));
    const second = store.run("k", "f", () => Promise.reject(new Error("must not run")));
    finish("done");
    expect([await first, await second]).toEqual([
      { answer: "done", replayed: false },
      { answer: "done", replayed: true },
    ]);
  });

  it("refuses the key for another request", async () => {
    const store = new IdempotencyStore({ keepMs: 1_000 });
    const { work } = counting();
    await store.run("k", "f", work);
    await expect(store.run("k", "g", work)).rejects.toMatchObject({ kind: "idempotency-key-reused" });
  });

  it("forgets a failure, so that the request may come again", async () => {
    const store = new IdempotencyStore({ keepMs: 1_000 });
    const { work } = counting();
    await expect(store.run("k", "f", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
    expect(await store.run("k", "g", work)).toEqual({ answer: { n: 1 }, replayed: false });
  });

  it("forgets after its time", async () => {
    let now = 0;
    const store = new IdempotencyStore({ keepMs: 1_000, now: () => now });
    const { work } = counting();
    await store.run("k", "f", work);
    now = 999;
    expect((await store.run("k", "f", work)).replayed).toBe(true);
    now = 1_000;
    expect(await store.run("k", "g", work)).toEqual({ answer: { n: 2 }, replayed: false });
  });

  it("keeps within its bounds, the oldest leaving first", async () => {
    const few = new IdempotencyStore({ keepMs: 1_000, maxEntries: 2 });
    for (const key of ["a", "b", "c"]) await few.run(key, "f", () => Promise.resolve(key));
    expect(few.size).toBe(2);
    expect((await few.run("a", "f", () => Promise.resolve("again"))).replayed).toBe(false);
    const small = new IdempotencyStore({ keepMs: 1_000, maxBytes: 100 });
    for (const key of ["a", "b", "c"]) await small.run(key, "f", () => Promise.resolve("x".repeat(40)));
    expect(small.size).toBe(2);
  });

  it("tells requests apart by where their parts end", () => {
    expect(fingerprintOf(["ab", "c"])).not.toBe(fingerprintOf(["a", "bc"]));
  });
});
