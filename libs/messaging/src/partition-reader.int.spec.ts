import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { partitionConsumer, partitionOf, subjects } from "#contracts";
import { connectNats, PartitionReader, Publisher, type StreamMessage } from "#messaging";
import { eventually, startServers, type TestServers } from "#testing";

const log = { warn: () => undefined };

describe("partition reader: take-over and zombies on a real nats-server", () => {
  let servers: TestServers;
  let n = 0;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => servers.stop());

  /** A customer of its own for each test, in a partition that no other test uses. */
  function freshCustomer(): string {
    for (;;) {
      const id = `r${n++}`;
      const p = partitionOf(id);
      if (!used.has(p)) {
        used.add(p);
        return id;
      }
    }
  }
  const used = new Set<number>();

  async function publish(customer: string, from: number, to: number): Promise<void> {
    const publisher = new Publisher(servers.nc);
    for (let i = from; i <= to; i++) {
      await publisher.publish(subjects.bank("core", customer, "x.happened"), JSON.stringify({ i }), {
        msgId: `${customer}-${i}`,
      });
    }
  }

  const numberOf = (m: { readonly data: Uint8Array }): number =>
    (JSON.parse(Buffer.from(m.data).toString()) as { i: number }).i;

  it("gives a new owner the dead owner's unacknowledged 5–10 before 11 (I2)", async () => {
    const customer = freshCustomer();
    const partition = partitionOf(customer);
    const { stream, name } = partitionConsumer(partition);
    await publish(customer, 1, 10);
    const dead = await jetstream(servers.nc).consumers.get(stream, name);
    const pulled = await dead.fetch({ max_messages: 10, expires: 1_000 });
    for await (const m of pulled) if (numberOf(m) === 4) m.ack();
    await publish(customer, 11, 11);

    const seen: number[] = [];
    const reader = new PartitionReader({
      nc: servers.nc,
      partition,
      maxInFlight: 1,
      log,
      stillMine: () => true,
      handle: async (m) => void seen.push(numberOf(m)),
    });
    reader.start();
    await eventually("all seven messages", () => seen.length >= 7);
    await reader.stop();
    expect(seen).toEqual([5, 6, 7, 8, 9, 10, 11]);
  });

  it("acknowledges only below the oldest unfinished message (I1)", async () => {
    const customer = freshCustomer();
    const partition = partitionOf(customer);
    await publish(customer, 1, 20);
    let finish: (() => void) | undefined;
    const first = new PartitionReader({
      nc: servers.nc,
      partition,
      maxInFlight: 64,
      log,
      stillMine: () => true,
      handle: (m) => (numberOf(m) === 7 ? new Promise((resolve) => (finish = resolve)) : Promise.resolve()),
    });
    first.start();
    await eventually("message 7 in hand", () => finish);
    const { stream, name } = partitionConsumer(partition);
    const consumer = await jetstream(servers.nc).consumers.get(stream, name);
    const info = await eventually("an acknowledgement", async () => {
      const i = await consumer.info();
      return i.delivered.consumer_seq >= 20 && i.ack_floor.consumer_seq > 0 && i;
    });
    expect(info.ack_floor.consumer_seq).toBe(6);
    finish?.();
    await first.stop();
    await eventually("everything acknowledged", async () => (await consumer.info()).num_ack_pending === 0);
  });

  it("makes a zombie that still pulls stop at the gap; the owner gets every message in order (I1, I2)", async () => {
    const customer = freshCustomer();
    const partition = partitionOf(customer);
    const zombieConnection = await connectNats({ url: servers.nats.url, name: "zombie" });
    const seen = { zombie: [] as number[], owner: [] as number[] };
    const slowly = (list: number[]) => async (m: StreamMessage) => {
      await new Promise((resolve) => setImmediate(resolve));
      list.push(numberOf(m));
    };
    const common = { partition, maxInFlight: 4, log };
    const zombie = new PartitionReader({
      ...common,
      nc: zombieConnection,
      stillMine: () => false,
      handle: slowly(seen.zombie),
    });
    zombie.start();
    const publishing = publish(customer, 1, 400);
    await eventually("the zombie at work", () => seen.zombie.length > 20);
    const owner = new PartitionReader({
      ...common,
      nc: servers.nc,
      stillMine: () => true,
      handle: slowly(seen.owner),
    });
    owner.start();
    await publishing;
    await eventually("the owner at the end", () => seen.owner.at(-1) === 400);
    await publish(customer, 401, 450);
    await eventually("the owner at the new end", () => seen.owner.at(-1) === 450);
    await eventually("the zombie to notice the gap", () => zombie.lost);
    await zombie.stop();
    await owner.stop();
    await zombieConnection.close();

    // Each saw its messages in order and without a hole; what the zombie did not finish, the owner did.
    expect(seen.zombie).toEqual(seen.zombie.map((_, i) => i + 1));
    const distinct = [...new Set(seen.owner)];
    expect(distinct).toEqual([...distinct].sort((a, b) => a - b));
    expect(distinct.at(-1)).toBe(450);
    expect(distinct.length).toBe(450 - distinct[0]! + 1);
    expect(distinct[0]!).toBeLessThanOrEqual(seen.zombie.length + 1);
  });

  it("finds the last message of a partition also when it went to somebody who is gone, and nothing follows (I1)", async () => {
    const customer = freshCustomer();
    const partition = partitionOf(customer);
    const { stream, name } = partitionConsumer(partition);
    const seen: number[] = [];
    const reader = new PartitionReader({
      nc: servers.nc,
      partition,
      maxInFlight: 4,
      log,
      stillMine: () => true,
      handle: async (m) => void seen.push(numberOf(m)),
    });
    reader.start();
    await publish(customer, 1, 1);
    await eventually("the first message", () => seen.length === 1);
    // A stopped owner's pulls wait at the server and are handed messages that nobody will ever handle.
    const gone = await connectNats({ url: servers.nats.url, name: "gone" });
    gone.subscribe("gone.inbox", { callback: () => undefined });
    let last = 1;
    const isStranded = async (): Promise<boolean> => {
      const pull = JSON.stringify({ batch: 1, expires: nanos(30_000) });
      gone.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, pull, { reply: "gone.inbox" });
      await gone.flush();
      await publish(customer, ++last, last);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return !seen.includes(last);
    };
    await eventually("a message that went to the one who is gone", isStranded);
    await eventually(`message ${last}, though nothing follows it`, () => seen.includes(last), 15_000);
    await gone.close();
    await reader.stop();
    expect(seen).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  });

  it("says a gap once, whatever else had arrived with it", async () => {
    const customer = freshCustomer();
    const partition = partitionOf(customer);
    const { stream, name } = partitionConsumer(partition);
    const seen: number[] = [];
    const gaps: string[] = [];
    const reader = new PartitionReader({
      nc: servers.nc,
      partition,
      maxInFlight: 64,
      log: { warn: (_fields, message) => void gaps.push(message) },
      stillMine: () => true,
      handle: async (m) => void seen.push(numberOf(m)),
    });
    reader.start();
    await publish(customer, 1, 10);
    await eventually("the reader at work", () => seen.length === 10);
    const other = await connectNats({ url: servers.nats.url, name: "other" });
    let taken = 0;
    other.subscribe("other.inbox", { callback: () => void taken++ });
    const pull = JSON.stringify({ batch: 1, expires: nanos(30_000) });
    other.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, pull, { reply: "other.inbox" });
    await other.flush();
    const publisher = new Publisher(servers.nc);
    const subject = subjects.bank("core", customer, "x.happened");
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        publisher.publish(subject, JSON.stringify({ i: i + 11 }), { msgId: `${customer}-${i + 11}` }),
      ),
    );
    await eventually("all messages", () => seen.at(-1) === 50);
    await reader.stop();
    await other.close();
    expect(taken).toBe(1);
    expect(gaps).toEqual(["gap in the delivery sequence: someone else reads this partition"]);
    // What was not acknowledged yet comes again.
    expect([...new Set(seen)]).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it("takes nothing after a message that was lost, also when it waits for room (I1, I2)", async () => {
    const customer = freshCustomer();
    await publish(customer, 1, 10);
    const seen: number[] = [];
    let fail: ((error: Error) => void) | undefined;
    const reader = new PartitionReader({
      nc: servers.nc,
      partition: partitionOf(customer),
      maxInFlight: 1,
      log,
      stillMine: () => true,
      handle: (m) => {
        seen.push(numberOf(m));
        return numberOf(m) === 3 ? new Promise((_, reject) => (fail = reject)) : Promise.resolve();
      },
    });
    reader.start();
    await eventually("message 3 in hand", () => fail);
    fail?.(new Error("the context could not be read"));
    await eventually("the loss", () => reader.lost);
    await reader.stop();
    expect(seen).toEqual([1, 2, 3]);
  });

  it("does not acknowledge after a gap: the server would ignore the new owner's acknowledgements", async () => {
    const customer = freshCustomer();
    const partition = partitionOf(customer);
    const { stream, name } = partitionConsumer(partition);
    await publish(customer, 1, 60);
    let finish: (() => void) | undefined;
    const zombie = new PartitionReader({
      nc: servers.nc,
      partition,
      maxInFlight: 64,
      log,
      stillMine: () => false,
      handle: (m) => (numberOf(m) === 31 ? new Promise((resolve) => (finish = resolve)) : Promise.resolve()),
    });
    zombie.start();
    const consumer = await jetstream(servers.nc).consumers.get(stream, name);
    await eventually(
      "30 acknowledged",
      async () => (await consumer.info()).ack_floor.stream_seq >= 30 && finish,
    );
    const jsm = await jetstreamManager(servers.nc);
    await jsm.consumers.reset(stream, name);
    await eventually("the gap", async () => (await consumer.info()).delivered.consumer_seq > 0);
    finish?.();
    await eventually("the zombie to leave", () => zombie.lost);
    await zombie.stop();
    await servers.nc.flush();
    const { ack_floor, delivered } = await consumer.info();
    expect(ack_floor.consumer_seq).toBeLessThanOrEqual(delivered.consumer_seq);
    expect(ack_floor.consumer_seq).toBe(0);
  });

  it("sees another's reset also when the number it is handed next happens to be the expected one (I1)", async () => {
    const customer = freshCustomer();
    const partition = partitionOf(customer);
    const { stream, name } = partitionConsumer(partition);
    const seen: number[] = [];
    const reader = new PartitionReader({
      nc: servers.nc,
      partition,
      maxInFlight: 4,
      log,
      stillMine: () => false,
      handle: async (m) => void seen.push(numberOf(m)),
    });
    reader.start();
    const jsm = await jetstreamManager(servers.nc);
    const waiting = async (n: number) => (await jsm.consumers.info(stream, name)).num_waiting === n;
    await eventually("the reader's pull", () => waiting(1));
    const rival = await jetstream(servers.nc).consumers.get(stream, name);
    const pulled = await rival.consume({ max_messages: 10 });
    const rivals: number[] = [];
    const rivalry = (async () => {
      for await (const m of pulled) rivals.push(numberOf(m));
    })();
    await eventually("the rival's pull", () => waiting(2));
    await publish(customer, 1, 1);
    await eventually("1 acknowledged", async () => (await rival.info()).ack_floor.stream_seq > 0);
    expect(seen).toEqual([1]);
    await jsm.consumers.reset(stream, name);
    // The server hands out in turn: 2 to the rival as its first, 3 to the reader as its second.
    await publish(customer, 2, 3);
    await eventually("the reader to leave", () => reader.lost);
    pulled.stop();
    await rivalry;
    await reader.stop();
    expect(rivals).toEqual([2]);
    expect(seen).toEqual([1]);
  });

  it("goes on after a reconnect and after its consumer was made anew, with nothing left out (I1, I2)", async () => {
    const customer = freshCustomer();
    const partition = partitionOf(customer);
    const { stream, name } = partitionConsumer(partition);
    const connection = await connectNats({ url: servers.nats.url, name: "reconnecting" });
    const seen: number[] = [];
    const reader = new PartitionReader({
      nc: connection,
      partition,
      maxInFlight: 8,
      log,
      stillMine: () => true,
      handle: async (m) => void seen.push(numberOf(m)),
    });
    const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
    const distinct = (): number[] => [...new Set(seen)];
    reader.start();
    await publish(customer, 1, 20);
    await eventually("the first twenty", () => seen.length === 20);
    const publishing = publish(customer, 21, 200);
    await connection.reconnect();
    await publishing;
    await eventually("all of before and after the reconnect", () => distinct().length === 200);
    expect(distinct()).toEqual(upTo(200));

    const jsm = await jetstreamManager(servers.nc);
    const { config } = await jsm.consumers.info(stream, name);
    await jsm.consumers.delete(stream, name);
    await jsm.consumers.add(stream, config);
    await publish(customer, 201, 210);
    await eventually("what came to the new consumer", () => distinct().length === 210);
    expect(distinct()).toEqual(upTo(210));
    await reader.stop();
    expect(reader.lost).toBe(false);
    await connection.close();
  });
});
