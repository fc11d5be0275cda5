import type { AuditEntry, AuditRecord, Context, CustomerEvent } from "#contracts";
import { subjects } from "#contracts";
import { emptyContext } from "#domain";
import { ChainCheck, noCounts, type Counts, type Finding } from "./chain-check.js";
import { auditHash, seal } from "./chain.js";
import { firstDifference } from "./difference.js";
import { Lineage } from "./lineage.js";
import type { Stored } from "./stored-messages.js";

const event = (seq: number, type = "t"): CustomerEvent => ({
  id: `e${seq}`,
  source: "core",
  type,
  customerId: "c1",
  time: seq,
  data: {},
  seq,
});

/** A chain with these entries, one record each. */
function chain(...entries: AuditEntry[][]): AuditRecord[] {
  let context: Context = emptyContext("c1");
  return entries.map((e, i) => {
    const sealed = seal(context, event(i + 1), e);
    context = sealed.context;
    return sealed.record;
  });
}

function messageOf(records: readonly AuditRecord[], seq: number): Stored {
  const kind = records.some((r) => r.entries.some((e) => e.kind === "command")) ? "contact" : "step";
  const text = JSON.stringify({ records });
  return {
    subject: subjects.audit("c1", kind),
    seq,
    storedAt: 0,
    data: new Uint8Array(),
    headers: undefined,
    string: () => text,
  };
}

function check(
  messages: readonly (readonly AuditRecord[])[],
  head = messages.flat().at(-1),
): {
  findings: Finding[];
  counts: Counts;
} {
  const findings: Finding[] = [];
  const counts = noCounts();
  const checked = new ChainCheck("c1", counts, (f) => findings.push(f));
  for (const [i, records] of messages.entries()) checked.take(messageOf(records, i + 1));
  checked.finish(head && { n: head.n, hash: head.hash });
  return { findings, counts };
}

const kinds = (messages: readonly (readonly AuditRecord[])[], head?: AuditRecord): string[] =>
  check(messages, head).findings.map((f) => f.kind);

describe("one customer's chain", () => {
  const all = chain(...Array.from({ length: 80 }, () => []));

  it("is whole in messages of any size", () => {
    expect(check([all.slice(0, 3), all.slice(3, 4), all.slice(4)])).toMatchObject({
      findings: [],
      counts: { records: 80, repeated: 0 },
    });
    expect(check([])).toMatchObject({ findings: [] });
  });

  it("may hold records twice, as a relay after a crash leaves them", () => {
    expect(check([all.slice(0, 4), all.slice(2, 6), all.slice(2, 4)], all[5])).toMatchObject({
      findings: [],
      counts: { records: 6, repeated: 4 },
    });
  });

  it("lacks records", () => {
    const { findings } = check([all.slice(0, 3), all.slice(5, 8), all.slice(70)]);
    expect(findings.map((f) => [f.kind, f.n])).toEqual([
      ["gap", 4],
      ["gap", 9],
    ]);
    expect(findings[1]!.detail).toMatch(/records 9 to 70/);
  });

  it("stands in another order", () => {
    expect(kinds([all.slice(0, 2), [all[3]!], [all[2]!], all.slice(4, 6)], all[5])).toEqual(["reordered"]);
    // In the middle of a gap, from the middle outwards.
    const late = [all.slice(0, 1), [all[5]!], [all[3]!], [all[2]!], [all[4]!], [all[1]!]];
    expect(kinds(late, all[5])).toEqual(["reordered", "reordered", "reordered", "reordered"]);
    // Once more, long after.
    expect(kinds([all, [all[0]!]], all[79])).toEqual(["reordered"]);
  });

  it("holds another record under a number that was there before", () => {
    const other = chain(...all.slice(0, 5).map(() => []), [
      { kind: "expression-failed", where: "x", error: "y" },
    ]);
    expect(kinds([all.slice(0, 6), [other[5]!]], all[5])).toEqual(["changed"]);
  });

  it("does not follow the record before, whose content was changed and its hash made to fit", () => {
    const [first, second, third] = all;
    const open = { ...second!, at: 99 };
    const forged = { ...open, hash: auditHash(open) };
    expect(check([[first!, forged, third!]]).findings).toMatchObject([{ kind: "changed", n: 3 }]);
  });

  it("is cut, or longer than the context knows", () => {
    expect(kinds([all.slice(0, 4)], all[9])).toEqual(["cut"]);
    expect(kinds([all.slice(0, 4)], all[2])).toEqual(["changed"]);
  });

  it("is checked in constant memory", () => {
    let context: Context = emptyContext("c1");
    const checked = new ChainCheck("c1", noCounts(), () => undefined);
    const sizes: number[] = [];
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 40_000; i++) {
      const sealed = seal(context, event(i + 1), []);
      context = sealed.context;
      checked.take(messageOf([sealed.record], i + 1));
      if (i % 10_000 === 9_999) sizes.push(process.memoryUsage().heapUsed - before);
    }
    checked.finish(context.audit);
    // 40,000 records are some 15 MB of text; what is kept of them is 32 prefixes.
    expect(Math.min(...sizes.slice(1)) - sizes[0]!).toBeLessThan(12_000_000);
  });
});

describe("lineage", () => {
  const entered = (instance: string): AuditEntry => ({
    kind: "journey-entered",
    journey: "j",
    version: 1,
    instance,
  });
  const decision = (n: number, instance: string): AuditEntry => ({
    kind: "decision",
    decisionId: `c1.${n}.0`,
    journey: "j",
    instance,
    step: "s",
    answer: "act",
    action: "a",
    channel: "push",
    reason: "r",
  });
  const command = (n: number): AuditEntry => ({
    kind: "command",
    commandId: `c1.${n}.0.c`,
    reservationId: `c1.${n}.0`,
    action: "a",
    purpose: "service",
    channel: "push",
    channels: ["push"],
    journey: "j",
    at: 1,
    counts: true,
    urgent: false,
  });
  const outcome = (n: number): AuditEntry => ({
    kind: "outcome",
    commandId: `c1.${n}.0.c`,
    action: "a",
    channel: "push",
    outcome: "delivered",
    reason: "receipt",
    tried: [],
  });

  it("names the events behind a decision, its command and its outcome, also of a branch", () => {
    const records = chain(
      [entered("j-1")],
      [{ kind: "branch-started", journey: "j", version: 1, instance: "j-1-b", parent: "j-1", branch: "b" }],
      [decision(3, "j-1-b"), command(3)],
      [],
      [outcome(3)],
    );
    const lineage = new Lineage();
    const found = records.map((r) => lineage.of(r));
    expect(found[2]!.map((l) => l.events.map((e) => e.seq))).toEqual([
      [1, 3],
      [1, 3],
    ]);
    expect(found[4]).toMatchObject([{ decisionId: "c1.3.0", commandId: "c1.3.0.c" }]);
    expect(found[4]![0]!.events.map((e) => e.seq)).toEqual([1, 3, 5]);
  });
});

describe("the first difference", () => {
  it.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, undefined],
    [{ a: [1, { x: 2 }] }, { a: [1, { x: 3 }] }, { path: "a[1].x", expected: "2", actual: "3" }],
    [{ a: 1 }, {}, { path: "a", expected: "1" }],
    [[], [1], { path: "[0]", actual: "1" }],
    [1, "1", { path: "", expected: "1", actual: '"1"' }],
  ])("of %j and %j", (a, b, expected) => expect(firstDifference(a, b)).toEqual(expected));
});
