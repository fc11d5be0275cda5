import {
  ALL_PARTITIONS,
  BUCKETS,
  CHANNELS,
  channelConsumers,
  CONSUMERS,
  partitionConsumer,
  STREAMS,
  streamOf,
  streamsOf,
  subjects,
  type Sharded,
} from "./index.js";

/** NATS's own rule: `*` is one token, `>` the rest. */
function covers(pattern: string, subject: string): boolean {
  const p = pattern.split(".");
  const s = subject.split(".");
  for (const [i, token] of p.entries()) {
    if (token === ">") return s.length > i;
    if (s[i] === undefined || (token !== "*" && token !== s[i])) return false;
  }
  return p.length === s.length;
}

const streamsThatStore = (subject: string): string[] =>
  STREAMS.filter((s) => s.subjects.some((pattern) => covers(pattern, subject))).map((s) => s.name);

describe("streams", () => {
  it.each([
    ["EVT", subjects.bank("core", "c", "account.debited")],
    ["EVT", subjects.evt("c", "core", "account.debited")],
    ["CTX", subjects.ctx("c")],
    ["CMD", subjects.cmd("sms", "c")],
    ["AUDIT", subjects.audit("c", "step")],
    ["TIMER", subjects.timer("c", "i", "w")],
    ["TIMER", subjects.due("c", "i", "w")],
    ["LIMITS", subjects.limit("an-offer")],
    ["DLQ", subjects.dlq(3, "event")],
    ["DLQ", subjects.dlq(3, "command")],
  ])("%s alone stores %s", (name, subject) => expect(streamsThatStore(subject)).toEqual([name]));

  it("store no requests and no desk messages", () => {
    for (const subject of ["rpc.policy.gate", subjects.deskOffer("a1")])
      expect(streamsThatStore(subject)).toEqual([]);
  });

  it("have a name each, and are those that partitions name", () => {
    const names = STREAMS.map((s) => s.name);
    expect(new Set(names).size).toBe(names.length);
    for (const kind of ["EVT", "CTX", "CMD", "AUDIT"] satisfies Sharded[]) {
      expect(names).toEqual(expect.arrayContaining([...streamsOf(kind)]));
      for (const p of ALL_PARTITIONS) expect(streamsOf(kind)).toContain(streamOf(kind, p));
    }
    expect(new Set(BUCKETS.map((b) => b.name)).size).toBe(BUCKETS.length);
  });

  it("give EVT no rollup, lifetime or schedules: a publisher's header could wipe it", () => {
    const evt = STREAMS.find((s) => s.name === "EVT");
    expect(evt).toMatchObject({ transform: { src: "bank.*.*.>" } });
    expect([evt?.allowTtl, evt?.allowSchedules, evt?.maxMsgsPerSubject]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("consumers", () => {
  it("have a name each within their stream, and read what their stream stores", () => {
    expect(new Set(CONSUMERS.map((c) => `${c.stream}/${c.name}`)).size).toBe(CONSUMERS.length);
    expect(CONSUMERS).toHaveLength(ALL_PARTITIONS.length + CHANNELS.length);
    for (const c of CONSUMERS) expect(streamsThatStore(c.filter.replace(">", "x.y.z"))).toEqual([c.stream]);
  });

  it("give each partition one order: acknowledged as a whole", () => {
    const event = subjects.evt("acc-2", "core", "t");
    expect(ALL_PARTITIONS.map(partitionConsumer).filter((c) => covers(c.filter, event))).toHaveLength(1);
    expect(ALL_PARTITIONS.map(partitionConsumer).every((c) => c.ack === "all")).toBe(true);
  });

  it("give each channel its own work", () => {
    const command = subjects.cmd("sms", "acc-2");
    const readers = CHANNELS.flatMap((channel) => channelConsumers(channel)).filter((c) =>
      covers(c.filter, command),
    );
    expect(readers.map((c) => [c.name, c.ack])).toEqual([["channel-sms", "explicit"]]);
  });
});
