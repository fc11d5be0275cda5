import { join } from "node:path";
import { DiscardPolicy, JetStreamApiError, jetstreamManager } from "@nats-io/jetstream";
import {
  ClosedConnectionError,
  InvalidArgumentError,
  NoRespondersError,
  type NatsConnection,
} from "@nats-io/nats-core";
import { subjects } from "#contracts";
import { startNatsServer, type NatsServer } from "#embedded";
import { connectNats, Publisher } from "#messaging";
import { eventually, startServers, type TestServers } from "#testing";

describe("publisher on a real nats-server", () => {
  let servers: TestServers;
  let restarted: NatsServer | undefined;
  let nc: NatsConnection;
  let publisher: Publisher;
  const subject = subjects.cmd("atm", "p1");

  beforeAll(async () => {
    servers = await startServers();
    nc = await connectNats({ url: servers.nats.url, name: "publisher" });
    publisher = new Publisher(nc);
  });
  afterAll(async () => {
    await nc.close();
    await servers.stop();
    await restarted?.child.stop();
  });

  const lengthOf = async (stream: string): Promise<number> =>
    (await (await jetstreamManager(nc)).streams.info(stream)).state.messages;

  it("answers where the message stands, that it stood there already, and a conflict", async () => {
    const subject = subjects.ctx("p-cas");
    const first = await publisher.publish(subject, "{}", { msgId: "a", expectLastSubjectSequence: 0 });
    if (first.kind !== "written") throw new Error("conflict");
    expect(first.duplicate).toBe(false);
    expect(await publisher.publish(subject, "{}", { msgId: "a" })).toEqual({ ...first, duplicate: true });
    expect(await publisher.publish(subject, "{}", { msgId: "b", expectLastSubjectSequence: 0 })).toEqual({
      kind: "conflict",
    });
    const next = await publisher.publish(subject, "{}", { msgId: "c", expectLastSubjectSequence: first.seq });
    expect(next.kind).toBe("written");
  });

  it("writes each header once, under the name that was given", async () => {
    const written = await publisher.publish(subject, "é", {
      msgId: "h",
      headers: { traceparent: "00-1-2-01", "Segue-Reason": "größer: ja" },
    });
    if (written.kind !== "written") throw new Error("conflict");
    const jsm = await jetstreamManager(servers.nc);
    const stored = await jsm.streams.getMessage("CMD", { seq: written.seq });
    const headers = stored!.header;
    expect(headers.keys().map((name) => [name, headers.values(name)])).toEqual([
      ["traceparent", ["00-1-2-01"]],
      ["Segue-Reason", ["größer: ja"]],
      ["Nats-Msg-Id", ["h"]],
    ]);
    expect(stored?.string()).toBe("é");
  });

  it("refuses at once what can never be published", async () => {
    const tooLarge = publisher.publish(subject, new Uint8Array(2_000_000), { msgId: "l" });
    await expect(tooLarge).rejects.toBeInstanceOf(InvalidArgumentError);
    const broken = publisher.publish(subject, "{}", { msgId: "i", headers: { reason: "one\r\ntwo: 2" } });
    await expect(broken).rejects.toBeInstanceOf(InvalidArgumentError);
    await expect(
      publisher.publish(subject, "{}", { msgId: "n", headers: { "a b": "c" } }),
    ).rejects.toBeInstanceOf(InvalidArgumentError);
  });

  it("tries for as long as it may where no stream takes the subject, and says so then", async () => {
    const began = Date.now();
    const nowhere = publisher.publish("nowhere.at.all", "{}", { msgId: "s", giveUpAfterMs: 200 });
    await expect(nowhere).rejects.toBeInstanceOf(NoRespondersError);
    expect(Date.now() - began).toBeGreaterThan(60);
    const stop = new AbortController();
    const aborted = publisher.publish("nowhere.at.all", "{}", { msgId: "t", signal: stop.signal });
    stop.abort();
    await expect(aborted).rejects.toBeInstanceOf(NoRespondersError);
  });

  it("hands on the stream's refusal", async () => {
    const jsm = await jetstreamManager(servers.nc);
    await jsm.streams.add({ name: "FULL", subjects: ["full"], max_msgs: 1, discard: DiscardPolicy.New });
    await publisher.publish("full", "{}", { msgId: "1" });
    await expect(publisher.publish("full", "{}", { msgId: "2" })).rejects.toBeInstanceOf(JetStreamApiError);
  });

  it("writes many at once, each exactly once", async () => {
    const before = await lengthOf("CMD");
    const results = await Promise.all(
      Array.from({ length: 20_000 }, (_, i) => publisher.publish(subject, `{"i":${i}}`, { msgId: `m${i}` })),
    );
    const seqs = results.map((r) => (r.kind === "written" && !r.duplicate ? r.seq : NaN));
    expect(new Set(seqs).size).toBe(20_000);
    expect(await lengthOf("CMD")).toBe(before + 20_000);
  }, 30_000);

  it("gets every message through a killed server, each exactly once", async () => {
    const before = await lengthOf("CMD");
    let sent = 0;
    let written = 0;
    let ending = false;
    const worker = async (): Promise<void> => {
      while (!ending) {
        const result = await publisher.publish(subject, "{}", { msgId: `k${++sent}` });
        if (result.kind === "written") written++;
      }
    };
    const workers = Array.from({ length: 200 }, worker);
    await eventually("the first acknowledgements", () => written > 200);
    await servers.nats.child.kill();
    expect(sent - written).toBe(200);
    const pending = written;
    restarted = await startNatsServer({ dataDir: join(servers.dir, "nats"), port: servers.nats.port });
    await eventually("acknowledgements again", () => written > pending);
    ending = true;
    await Promise.all(workers);
    expect(written).toBe(sent);
    expect(await lengthOf("CMD")).toBe(before + sent);
  }, 30_000);

  it("rejects what is under way when the connection is closed", async () => {
    await restarted!.child.kill();
    const hopeless = publisher.publish(subject, "{}", { msgId: "closed" });
    const [error] = await Promise.all([hopeless.catch((e: unknown) => e), nc.close()]);
    expect(error).toBeInstanceOf(ClosedConnectionError);
  });
});
