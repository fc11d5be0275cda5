import { jetstreamManager } from "@nats-io/jetstream";
import { partitionConsumer, partitionOf, subjects, parseEvt } from "#contracts";
import { Publisher, provision } from "#messaging";
import { eventually, startServers, type TestServers } from "./index.js";

describe("provisioned streams on a real nats-server", () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => servers.stop());

  it("provisions again without a change, and brings a consumer with other settings in line", async () => {
    await provision(servers.nc);
    const jsm = await jetstreamManager(servers.nc);
    const { stream, name, maxAckPending } = partitionConsumer(5);
    await jsm.consumers.update(stream, name, { max_ack_pending: 7 });
    await provision(servers.nc);
    expect((await jsm.consumers.info(stream, name)).config.max_ack_pending).toBe(maxAckPending);
  });

  it("refuses a data folder whose events stand under another number of partitions", async () => {
    const jsm = await jetstreamManager(servers.nc);
    const { config } = await jsm.streams.info("EVT");
    const transform = config.subject_transform!;
    const other = { ...transform, dest: transform.dest.replace("16", "64") };
    await jsm.streams.update("EVT", { subject_transform: other });
    await expect(provision(servers.nc)).rejects.toThrow(/partition\(64,2\).*new data folder/);
    await jsm.streams.update("EVT", { subject_transform: transform });
    await provision(servers.nc);
  });

  it("puts bank.* events into the partition that the contract computes", async () => {
    const p = new Publisher(servers.nc);
    const jsm = await jetstreamManager(servers.nc);
    for (const customer of ["c1", "acc-576", "Z_9", "x".repeat(64)]) {
      const r = await p.publish(subjects.bank("core", customer, "account.debited"), "{}", {
        msgId: `m-${customer}`,
      });
      if (r.kind !== "written") throw new Error("conflict");
      const stored = await jsm.streams.getMessage("EVT", { seq: r.seq });
      expect(stored?.subject).toBe(subjects.evt(customer, "core", "account.debited"));
      expect(parseEvt(stored?.subject ?? "")?.partition).toBe(partitionOf(customer));
    }
  });

  it("refuses a context write of a stale owner (I4)", async () => {
    const p = new Publisher(servers.nc);
    const s = subjects.ctx("cas");
    const first = await p.publish(s, "1", { msgId: "cas-1", expectLastSubjectSequence: 0 });
    expect(first.kind).toBe("written");
    expect(await p.publish(s, "2", { msgId: "cas-2", expectLastSubjectSequence: 0 })).toEqual({
      kind: "conflict",
    });
    // The sequence is checked before the message id: a writer tells its own lost acknowledgement by the commit header.
    expect(await p.publish(s, "1", { msgId: "cas-1", expectLastSubjectSequence: 0 })).toEqual({
      kind: "conflict",
    });
  });

  it("brings a due timer into EVT in the customer's order", async () => {
    const p = new Publisher(servers.nc);
    const jsm = await jetstreamManager(servers.nc);
    const subject = subjects.timer("c9", "j-1", "w-1");
    await p.publish(subject, JSON.stringify({ id: "t1" }), {
      msgId: "t1",
      schedule: { at: Date.now() + 300, target: subjects.due("c9", "j-1", "w-1"), ttl: "1h" },
      headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    });
    const msg = await eventually(
      "the timer in EVT",
      async () =>
        (await jsm.direct
          .getMessage("EVT", { last_by_subj: subjects.evt("c9", "segue", "timer.j-1.w-1") })
          .catch(() => null)) ?? undefined,
    );
    expect(msg.json()).toEqual({ id: "t1" });
    expect(msg.header.get("traceparent")).toContain("0af7651916cd43dd8448eb211c80319c");
  });
});
