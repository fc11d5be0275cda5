import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { Controller, Module, type INestMicroservice, type PipeTransform } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { Ctx, Payload, type MicroserviceOptions } from "@nestjs/microservices";
import { dlqHeaders, subjects, type ConsumerDefinition } from "#contracts";
import { join } from "node:path";
import { startNatsServer, type NatsServer } from "#embedded";
import { eventually, startServers, type TestServers } from "#testing";
import {
  connectNats,
  JetStreamWorkStrategy,
  Publisher,
  RetryableFault,
  TerminalFault,
  WorkContext,
  WorkHandler,
} from "./index.js";

const WORK: ConsumerDefinition = {
  stream: "CMD",
  name: "test-work",
  filter: subjects.cmdOfChannel("atm"),
  ack: "explicit",
  ackWaitMs: 900,
  maxAckPending: 64,
};

interface Job {
  readonly id: string;
  readonly does?: "terminal" | "retryable" | "defect" | "slow" | "park";
}

const seen: { id: string; count: number; at: number }[] = [];
let running = 0;
let mostRunning = 0;
let release: () => void = () => undefined;
let gate = Promise.resolve();
const hold = (): void => {
  gate = new Promise((resolve) => (release = resolve));
};

class JobPipe implements PipeTransform<unknown, Job> {
  transform(value: unknown): Job {
    if (typeof (value as Job).id !== "string") throw new TerminalFault("invalid_data", "no id");
    return value as Job;
  }
}

@Controller()
class JobController {
  @WorkHandler([WORK])
  async run(@Payload(new JobPipe()) job: Job, @Ctx() context: WorkContext): Promise<void> {
    seen.push({ id: job.id, count: context.delivery.deliveryCount, at: Date.now() });
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    try {
      if (job.does === "terminal") throw new TerminalFault("unsafe_subject", "cannot be");
      if (job.does === "retryable" && context.delivery.deliveryCount < 3)
        throw new RetryableFault("not yet", { delayMs: 20 });
      if (job.does === "defect") throw new TypeError("bug");
      if (job.does === "slow") await gate;
      if (job.does === "park") await context.park(gate);
    } finally {
      running -= 1;
    }
  }
}

@Module({ controllers: [JobController] })
class JobModule {}

describe("JetStream work consumers under Nest", () => {
  let servers: TestServers;
  let publisher: Publisher;
  let app: INestMicroservice;
  let strategy: JetStreamWorkStrategy;
  let restarted: NatsServer | undefined;
  let n = 0;
  const log = { warn: () => undefined, error: () => undefined };

  async function addConsumer(): Promise<void> {
    const jsm = await jetstreamManager(servers.nc);
    await jsm.consumers.add(WORK.stream, {
      durable_name: WORK.name,
      filter_subject: WORK.filter,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(WORK.ackWaitMs),
      max_ack_pending: WORK.maxAckPending,
    });
  }
  async function start(graceMs = 5_000): Promise<void> {
    const nc = await connectNats({ url: servers.nats.url, name: "work" });
    strategy = new JetStreamWorkStrategy({ nc, publisher, concurrency: 4, graceMs, log });
    app = await NestFactory.createMicroservice<MicroserviceOptions>(JobModule, { strategy, logger: false });
    await app.listen();
    const connection = nc;
    const close = app.close.bind(app);
    app.close = async () => {
      await close();
      await connection.close();
    };
  }
  const put = (body: string | Uint8Array, customer = "c1") =>
    publisher.publish(subjects.cmd("atm", customer), body, {
      msgId: `w-${++n}`,
      headers: { traceparent: "00-1-2-01" },
    });
  const job = (id: string, does?: Job["does"]) => put(JSON.stringify({ id, does }));
  const timesSeen = (id: string): number => seen.filter((s) => s.id === id).length;
  const allSettled = async (): Promise<true | undefined> => {
    const jsm = await jetstreamManager(servers.nc);
    const info = await jsm.consumers.info(WORK.stream, WORK.name);
    return info.num_pending === 0 && info.num_ack_pending === 0 ? true : undefined;
  };
  const lastDeadLetter = async (seq: string) => {
    const jsm = await jetstreamManager(servers.nc);
    return eventually(`the dead letter of ${seq}`, async () => {
      const m = await jsm.direct.getMessage("DLQ", { last_by_subj: "dlq.command.*" }).catch(() => null);
      return m && m.header.get(dlqHeaders.sequence) === seq ? m : undefined;
    });
  };

  beforeAll(async () => {
    servers = await startServers();
    publisher = new Publisher(servers.nc);
    await addConsumer();
    await start();
  });
  afterAll(async () => {
    release();
    await app.close();
    await servers.stop();
    await restarted?.child.stop();
  });

  it("acknowledges after the handler has resolved", async () => {
    await job("plain");
    await eventually(
      "the job handled and acknowledged",
      async () => timesSeen("plain") === 1 && (await allSettled()),
    );
  });

  it("puts what is not JSON, and what a pipe refuses, into DLQ with bytes, headers and reason; the others go on (I11)", async () => {
    const bytes = new Uint8Array([0x7b, 0xff, 0xfe]);
    const bad = await put(bytes);
    await job("after-bad");
    if (bad.kind !== "written") throw new Error("conflict");
    const letter = await lastDeadLetter(String(bad.seq));
    expect([...letter.data]).toEqual([...bytes]);
    expect(letter.header.get(dlqHeaders.reason)).toBe("malformed_json");
    expect(letter.header.get(dlqHeaders.subject)).toBe(subjects.cmd("atm", "c1"));
    expect(letter.header.get("traceparent")).toBe("00-1-2-01");
    const refused = await put("{}");
    if (refused.kind !== "written") throw new Error("conflict");
    expect((await lastDeadLetter(String(refused.seq))).header.get(dlqHeaders.reason)).toBe("invalid_data");
    await eventually(
      "the good one handled, all settled",
      async () => timesSeen("after-bad") === 1 && (await allSettled()),
    );
  });

  it("tries a retryable fault again, gives a defect three tries, a terminal fault one", async () => {
    const terminal = await job("terminal", "terminal");
    if (terminal.kind !== "written") throw new Error("conflict");
    expect((await lastDeadLetter(String(terminal.seq))).header.get(dlqHeaders.reason)).toBe("unsafe_subject");
    await job("retryable", "retryable");
    const defect = await job("defect", "defect");
    if (defect.kind !== "written") throw new Error("conflict");
    expect((await lastDeadLetter(String(defect.seq))).header.get(dlqHeaders.detail)).toContain("bug");
    await eventually("all settled", allSettled);
    expect([timesSeen("terminal"), timesSeen("retryable"), timesSeen("defect")]).toEqual([1, 3, 3]);
  });

  it("keeps a slow one in hand past ack_wait, and runs no more than the slots allow", async () => {
    hold();
    mostRunning = 0;
    for (let i = 0; i < 10; i++) await job(`slow-${i}`, "slow");
    const first = await eventually("four running", () =>
      running === 4 ? seen.find((s) => s.id === "slow-0") : undefined,
    );
    await eventually("three times ack_wait has passed", () => Date.now() - first.at > WORK.ackWaitMs * 3);
    expect(running).toBe(4);
    // Another instance gets those that nobody has begun, and none that is in hand here.
    const other = await jetstream(servers.nc).consumers.get(WORK.stream, WORK.name);
    const counts: number[] = [];
    for await (const m of await other.fetch({ max_messages: 10, expires: 1_000 })) {
      counts.push(m.info.deliveryCount);
      m.nak(1_500);
    }
    expect(counts).toEqual(Array(6).fill(1));
    release();
    await eventually("all settled", allSettled);
    expect(Array.from({ length: 10 }, (_, i) => timesSeen(`slow-${i}`))).toEqual(Array(10).fill(1));
    expect(mostRunning).toBe(4);
  });

  it("handles once what the server delivers again while it is in hand, and acknowledges the newer delivery", async () => {
    const jsm = await jetstreamManager(servers.nc);
    // Shorter than the heartbeat that the strategy has worked out: as if heartbeats were lost on the way.
    await jsm.consumers.update(WORK.stream, WORK.name, { ack_wait: nanos(60) });
    hold();
    await job("twice", "slow");
    await eventually(
      "delivered again",
      async () => (await jsm.consumers.info(WORK.stream, WORK.name)).num_redelivered > 0 || undefined,
    );
    await jsm.consumers.update(WORK.stream, WORK.name, { ack_wait: nanos(WORK.ackWaitMs) });
    release();
    await eventually("all settled", allSettled);
    expect(timesSeen("twice")).toBe(1);
  });

  it("lets others run while a message is parked", async () => {
    hold();
    for (let i = 0; i < 8; i++) await job(`park-${i}`, "park");
    await eventually("all eight parked", () => running === 8);
    await job("beside");
    await eventually("another handled beside them", () => timesSeen("beside") === 1);
    release();
    await eventually("all settled", allSettled);
  });

  it("goes on when the consumer is deleted and made again", async () => {
    const jsm = await jetstreamManager(servers.nc);
    await jsm.consumers.delete(WORK.stream, WORK.name);
    await eventually("the loss noticed", () => !strategy.ready);
    await jsm.consumers.add(WORK.stream, {
      durable_name: WORK.name,
      filter_subject: WORK.filter,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(WORK.ackWaitMs),
      deliver_policy: "new",
    });
    await eventually("ready again", () => strategy.ready);
    await job("recreated");
    await eventually("the new one handled", () => timesSeen("recreated") === 1);
  });

  it("goes on after the server was away, with what was in hand and what came since", async () => {
    hold();
    await job("across", "slow");
    await eventually("it runs", () => running === 1);
    await servers.nats.child.kill();
    release();
    await eventually("it has finished while the server is away", () => running === 0);
    restarted = await startNatsServer({ dataDir: join(servers.dir, "nats"), port: servers.nats.port });
    await job("since");
    await eventually("all settled", async () => timesSeen("since") === 1 && (await allSettled()), 20_000);
    // Its acknowledgement may have been lost with the server: then it comes again, after ack_wait.
    expect(timesSeen("across")).toBeLessThanOrEqual(2);
  }, 30_000);

  it("stops pulling on close, finishes what is under way, and leaves the rest for the next", async () => {
    hold();
    for (let i = 0; i < 6; i++) await job(`close-${i}`, "slow");
    await eventually("four running", () => running === 4);
    const closed = app.close();
    await job("while-closing");
    release();
    await closed;
    expect(running).toBe(0);
    expect(timesSeen("while-closing")).toBe(0);
    await start();
    await eventually(
      "the rest handled",
      async () => timesSeen("while-closing") === 1 && (await allSettled()),
    );
    expect(Array.from({ length: 6 }, (_, i) => timesSeen(`close-${i}`))).toEqual(Array(6).fill(1));
  });
});
