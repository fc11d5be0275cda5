import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { replayClock, wallClock, type Clock } from "#clock";
import { cloudEventV1, sourceToken, subjects, type CloudEvent } from "#contracts";
import { startNatsServer } from "#embedded";
import { connectNats, provision } from "#messaging";
import { startServers, type TestServers } from "#testing";
import { readBerkaEvents } from "../berka/index.js";
import {
  filePositionStore,
  memoryPositionStore,
  replayEvents,
  ReplayMismatch,
  type ReplayProgress,
} from "./index.js";

interface Stored {
  readonly subject: string;
  readonly event: CloudEvent;
  readonly wall: number;
  readonly contentType: string | undefined;
}

let servers: TestServers;
let names = 0;
/** A source of its own for each test, so that it finds its events in the shared stream. */
let source = "";
beforeAll(async () => {
  servers = await startServers();
});
beforeEach(() => {
  source = `replay-test-${++names}`;
});
afterAll(() => servers.stop());

const START = Date.parse("1994-01-03T08:00:00Z");

/** `count` events, one every `everyMs` of event time, of `customers` customers in turn. */
function numbered(count: number, { everyMs = 1_000, customers = 7 } = {}): CloudEvent[] {
  return Array.from({ length: count }, (_, i) => ({
    specversion: "1.0" as const,
    id: `e-${i + 1}`,
    source,
    type: "account.credited",
    subject: `c${i % customers}`,
    time: new Date(START + i * everyMs).toISOString(),
    data: { n: i + 1 },
  }));
}

async function stored(nc = servers.nc): Promise<Stored[]> {
  const filter = `evt.*.*.${sourceToken(source)}.>`;
  const info = await (await jetstreamManager(nc)).streams.info("EVT", { subjects_filter: filter });
  const expected = Object.values(info.state.subjects ?? {}).reduce((a, b) => a + b, 0);
  const found: Stored[] = [];
  if (expected === 0) return found;
  const consumer = await jetstream(nc).consumers.get("EVT", { filter_subjects: filter });
  for await (const m of await consumer.fetch({ max_messages: expected, expires: 10_000 })) {
    found.push({
      subject: m.subject,
      event: cloudEventV1.parse(m.json()),
      wall: m.timestampNanos === undefined ? Date.parse(m.timestamp) : Number(m.timestampNanos / 1_000_000n),
      contentType: m.headers?.get("content-type"),
    });
    if (found.length === expected) break;
  }
  return found;
}

const numbers = (all: readonly Stored[]): number[] =>
  all.map((s) => s.event.data?.["n"] as number).sort((a, b) => a - b);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

function expectOrderPerCustomer(all: readonly Stored[]): void {
  const last = new Map<string, number>();
  for (const { event } of all) {
    const n = event.data?.["n"] as number;
    expect(n).toBeGreaterThan(last.get(event.subject) ?? 0);
    last.set(event.subject, n);
  }
}

/** A clock that has long passed every event: as fast as the system goes. */
const late: Clock = replayClock({ startWall: 0, startTime: START, speed: 1 });

describe("replaying events into a real stream", () => {
  it("publishes each where its customer's events belong, in order per customer (I2)", async () => {
    const events = numbered(600, { customers: 5 });
    const result = await replayEvents({ nc: servers.nc, events, clock: late, window: 64 });
    expect(result).toEqual({ published: 600, duplicates: 0, skipped: 0, finished: true });
    const all = await stored();
    expect(numbers(all)).toEqual(upTo(600));
    expectOrderPerCustomer(all);
    for (const { subject, event, contentType } of all) {
      expect(subject).toBe(subjects.evt(event.subject, sourceToken(source), event.type));
      expect(contentType).toBe("application/cloudevents+json");
    }
    expect(all.find((s) => s.event.id === "e-17")?.event).toEqual(events[16]);
  });

  it("replays a slice of the Berka data", async () => {
    const events = readBerkaEvents({
      dir: join(process.cwd(), "data", "berka"),
      from: "1994-01-31",
      to: "1994-02-02",
    });
    const result = await replayEvents({ nc: servers.nc, events, clock: late });
    expect(result).toEqual({ published: events.length, duplicates: 0, skipped: 0, finished: true });
    expect(events.length).toBeGreaterThan(1_000);
  });

  it("publishes no event before the clock shows its time, and none later than the pace asks", async () => {
    // 40 events, one per minute of event time, 60 ms apart on the wall.
    const events = numbered(40, { everyMs: 60_000 });
    const clock = replayClock({ startWall: Date.now() + 50, startTime: START, speed: 1_000 });
    const progress: ReplayProgress[] = [];
    await replayEvents({ nc: servers.nc, events, clock, onProgress: (p) => progress.push(p) });
    const lags = (await stored()).map((s) => s.wall - clock.wallAt(Date.parse(s.event.time!)));
    expect(Math.min(...lags)).toBeGreaterThanOrEqual(0);
    // The median: a busy machine may hold up single events, but the pacing itself must not add up.
    expect(lags.sort((a, b) => a - b)[20]).toBeLessThan(40);
    expect(progress.length).toBeGreaterThan(5);
    expect(progress.at(-1)).toMatchObject({ published: 40, inFlight: 0, time: START + 39 * 60_000 });
  });

  it("tells how far it is behind when the clock has run ahead, and loses nothing", async () => {
    const clock = replayClock({ startWall: Date.now() - 5_000, startTime: START, speed: 1_000 });
    const progress: ReplayProgress[] = [];
    await replayEvents({ nc: servers.nc, events: numbered(100), clock, onProgress: (p) => progress.push(p) });
    expect(progress.at(-1)!.lagMs).toBeGreaterThan(4_000);
    expect(numbers(await stored())).toEqual(upTo(100));
  });

  it("keeps no more in flight than the window", async () => {
    const inFlight: number[] = [];
    await replayEvents({
      nc: servers.nc,
      events: numbered(2_000, { customers: 500 }),
      clock: late,
      window: 3,
      onProgress: (p) => inFlight.push(p.inFlight),
    });
    expect(Math.max(...inFlight)).toBeLessThanOrEqual(3);
  });
});

describe("stopping and going on", () => {
  it("goes on where it was stopped, with nothing lost and nothing told twice (I1)", async () => {
    const events = numbered(400, { everyMs: 5_000 });
    const position = filePositionStore(join(servers.dir, "position", "replay-position.json"));
    let published = 0;
    let runs = 0;
    for (let finished = false; !finished; runs++) {
      const stop = new AbortController();
      const done = (await position.load())?.events ?? 0;
      // Events come every 5 ms; each run is stopped about 40 % on.
      const clock = replayClock({ startWall: Date.now(), startTime: START + done * 5_000, speed: 1_000 });
      const result = await replayEvents({
        nc: servers.nc,
        events,
        clock,
        position,
        signal: stop.signal,
        onProgress: (p) => p.published >= 150 && stop.abort(),
      });
      expect(result.skipped).toBe(done);
      expect(result.duplicates).toBe(0);
      published += result.published;
      finished = result.finished;
      expect((await position.load())?.events).toBe(published);
    }
    expect(runs).toBeGreaterThanOrEqual(3);
    expect(published).toBe(400);
    const all = await stored();
    expect(numbers(all)).toEqual(upTo(400));
    expectOrderPerCustomer(all);
  });

  it("publishes again what was acknowledged after the last save; the stream drops it", async () => {
    const events = numbered(50);
    await replayEvents({ nc: servers.nc, events, clock: late });
    // As after a crash: the stream has 50 events, the position says 30.
    const position = memoryPositionStore();
    await position.save({ v: 1, events: 30, last: `${source}:e-30`, time: START + 29_000 });
    const result = await replayEvents({ nc: servers.nc, events, clock: late, position });
    expect(result).toEqual({ published: 0, duplicates: 20, skipped: 30, finished: true });
    expect(numbers(await stored())).toEqual(upTo(50));
  });

  it("does nothing when it had finished", async () => {
    const position = memoryPositionStore();
    const again = () => replayEvents({ nc: servers.nc, events: numbered(5), clock: late, position });
    await again();
    expect(await again()).toEqual({ published: 0, duplicates: 0, skipped: 5, finished: true });
  });

  it.each([
    ["other events", 20, "other:e-10"],
    ["fewer events", 9, "same:e-10"],
  ])("refuses to go on with %s", async (_what, count, last) => {
    const position = memoryPositionStore();
    await position.save({ v: 1, events: 10, last: last.replace("same", source), time: START });
    const run = replayEvents({ nc: servers.nc, events: numbered(count), clock: late, position });
    await expect(run).rejects.toThrow(ReplayMismatch);
    await expect(run).rejects.toThrow("start with --fresh");
    expect(await stored()).toEqual([]);
  });

  it("stops at once while it waits for an event of the far future", async () => {
    const stop = new AbortController();
    const events = [...numbered(1), { ...numbered(1)[0]!, id: "far", time: "2999-01-01T00:00:00Z" }];
    const run = replayEvents({
      nc: servers.nc,
      events,
      clock: wallClock,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    expect(await run).toMatchObject({ published: 1, finished: false });
  });
});

describe("when something is wrong", () => {
  it("names the event that the stream does not take, tells no later one of that customer, and keeps the position before it", async () => {
    const events = numbered(30, { customers: 1 });
    events[9] = { ...events[9]!, type: "not a type" };
    const position = memoryPositionStore();
    const run = replayEvents({ nc: servers.nc, events, clock: late, position });
    await expect(run).rejects.toThrow(
      `the stream does not take event ${source}:e-10 (number 10 of the replay)`,
    );
    expect(numbers(await stored())).toEqual(upTo(9));
    expect(await position.load()).toMatchObject({ events: 9, last: `${source}:e-9` });
  });

  it("waits for a server that is away, and loses nothing", async () => {
    const dataDir = join(servers.dir, "restarted");
    let server = await startNatsServer({ dataDir });
    const nc = await connectNats({ url: server.url, name: "restart" });
    try {
      await provision(nc);
      const events = numbered(300, { everyMs: 5_000 });
      const clock = replayClock({ startWall: Date.now(), startTime: START, speed: 1_000 });
      let restarted: Promise<void> | undefined;
      const result = await replayEvents({
        nc,
        events,
        clock,
        onProgress: (p) => {
          if (p.published < 60) return;
          restarted ??= server.child.kill().then(async () => {
            server = await startNatsServer({ dataDir, port: server.port });
          });
        },
      });
      await restarted;
      expect(restarted).toBeDefined();
      expect(result.published + result.duplicates).toBe(300);
      const all = await stored(nc);
      expect(numbers(all)).toEqual(upTo(300));
      expectOrderPerCustomer(all);
    } finally {
      await nc.close();
      await server.child.stop();
    }
  });
});
