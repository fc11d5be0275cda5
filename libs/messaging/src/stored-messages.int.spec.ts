/** Reading what stands in a stream: whole, in order, and no silence taken for an end. */
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { subjects } from "#contracts";
import { startServers, type TestServers } from "#testing";
import { Publisher } from "./publisher.js";
import {
  lastStored,
  lastStoredUpTo,
  storedMessages,
  storedMessagesOf,
  StreamUnreadable,
} from "./stored-messages.js";

const MORE_THAN_TWO_PAGES = 600;

describe("stored messages", () => {
  let servers: TestServers;
  let jsm: JetStreamManager;
  const mine = subjects.audit("c-1", "step");
  beforeAll(async () => {
    servers = await startServers();
    jsm = await jetstreamManager(servers.nc);
    const publisher = new Publisher(servers.nc);
    const other = subjects.audit("c-2", "step");
    await Promise.all(
      Array.from({ length: MORE_THAN_TWO_PAGES }, (_, n) => [
        publisher.publish(mine, String(n), { msgId: `m-${n}` }),
        publisher.publish(other, "x", { msgId: `o-${n}` }),
      ]).flat(),
    );
  });
  afterAll(() => servers.stop());

  it("come whole and in stream order, over as many pages as it takes", async () => {
    const seqs: number[] = [];
    const bodies = new Set<string>();
    for await (const m of storedMessages(jsm.direct, "AUDIT", mine)) {
      seqs.push(m.seq);
      bodies.add(m.string());
    }
    expect(bodies.size).toBe(MORE_THAN_TWO_PAGES);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect((await lastStored(jsm.direct, "AUDIT", mine))!.seq).toBe(seqs.at(-1));
  });

  it("are found from their end backwards", async () => {
    const all: number[] = [];
    for await (const m of storedMessages(jsm.direct, "AUDIT", mine)) all.push(m.seq);
    const upTo = async (seq: number): Promise<number | undefined> =>
      (await lastStoredUpTo(jsm.direct, "AUDIT", mine, seq))?.seq;
    expect(await upTo(all[7]!)).toBe(all[7]);
    expect(await upTo(all[7]! - 1)).toBe(all[6]);
    expect(await upTo(all.at(-1)!)).toBe(all.at(-1));
    if (all[0]! > 1) expect(await upTo(all[0]! - 1)).toBeUndefined();
    expect(await lastStoredUpTo(jsm.direct, "AUDIT", subjects.audit("nobody", "step"), 9)).toBeUndefined();
  });

  it("of several subjects come in the order of the stream over all of them", async () => {
    const both = [subjects.audit("c-2", "step"), subjects.audit("nobody", "step"), mine];
    const seqs: number[] = [];
    for await (const m of storedMessagesOf(jsm.direct, "AUDIT", both)) seqs.push(m.seq);
    expect(seqs).toEqual(Array.from({ length: 2 * MORE_THAN_TWO_PAGES }, (_, i) => i + 1));
  });

  it("are none where nothing stands", async () => {
    const nobody = subjects.audit("nobody", "step");
    for await (const m of storedMessages(jsm.direct, "AUDIT", nobody)) throw new Error(`found ${m.seq}`);
    expect(await lastStored(jsm.direct, "AUDIT", nobody)).toBeUndefined();
  });

  it("are unreadable, not none, where the stream does not answer", async () => {
    const read = async (): Promise<void> => {
      for await (const m of storedMessages(jsm.direct, "NO_SUCH_STREAM", mine, { seq: 1 }, 500))
        throw new Error(`found ${m.seq}`);
    };
    await expect(read()).rejects.toThrow(StreamUnreadable);
    await expect(lastStored(jsm.direct, "NO_SUCH_STREAM", mine)).rejects.toThrow(StreamUnreadable);
  });
});
