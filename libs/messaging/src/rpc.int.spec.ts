import { NoRespondersError, TimeoutError, type NatsConnection } from "@nats-io/nats-core";
import { Controller, Module, type INestMicroservice } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { Ctx, MessagePattern, Payload, RpcException, type MicroserviceOptions } from "@nestjs/microservices";
import { headerNames } from "#contracts";
import {
  connectNats,
  remainingMs,
  RpcClient,
  RpcFailed,
  RpcServer,
  RpcUnavailable,
  toHeaders,
  type RpcContext,
} from "#messaging";
import { eventually, respond, startServers, type TestServers } from "#testing";

const gates = new Map<string, () => void>();
const seen: unknown[] = [];

@Controller()
class TestController {
  @MessagePattern("test.echo")
  echo(@Payload() data: unknown, @Ctx() context: RpcContext): unknown {
    seen.push(data);
    return { data, trace: context.header("Traceparent"), leftMs: remainingMs(context.header, -1) };
  }

  @MessagePattern("test.slow")
  async slow(@Payload() data: { readonly gate?: string }): Promise<unknown> {
    const { gate } = data;
    if (gate !== undefined) await new Promise<void>((resolve) => gates.set(gate, resolve));
    return data;
  }

  @MessagePattern("test.fail")
  fail(@Payload() how: string): never {
    if (how === "object") throw new RpcException({ code: "unavailable", unavailable: true });
    if (how === "text") throw new RpcException("not that way");
    throw new TypeError("a defect with a secret");
  }

  @MessagePattern("test.large")
  large(@Payload() bytes: number): string {
    return "x".repeat(bytes);
  }
}

@Module({ controllers: [TestController] })
class TestModule {}

describe("calls between services on a real nats-server", () => {
  let servers: TestServers;
  let connection: NatsConnection;
  let app: INestMicroservice;
  let client: RpcClient;
  const options = { timeoutMs: 5_000 };

  async function start(): Promise<INestMicroservice> {
    const strategy = new RpcServer({ nc: connection, queue: "test" });
    const started = await NestFactory.createMicroservice<MicroserviceOptions>(TestModule, {
      strategy,
      logger: false,
    });
    await started.listen();
    return started;
  }

  beforeAll(async () => {
    servers = await startServers();
    connection = await connectNats({ url: servers.nats.url, name: "callee" });
    app = await start();
    client = new RpcClient(servers.nc);
  });
  afterAll(async () => {
    await app.close();
    await connection.close();
    await servers.stop();
  });
  beforeEach(() => {
    seen.length = 0;
  });

  /** Messages that the server has given to the callee while `work` ran. */
  async function messagesOf(work: () => Promise<unknown>): Promise<{ calls: number; answers: number }> {
    const before = connection.stats();
    await work();
    const after = connection.stats();
    return { calls: after.inMsgs - before.inMsgs, answers: after.outMsgs - before.outMsgs };
  }

  it("sends the calls of one turn in one message, and their answers in one", async () => {
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    let answers: unknown[] = [];
    const messages = await messagesOf(async () => {
      answers = await Promise.all(numbers.map((n) => client.call("test.echo", n, options)));
    });
    expect(answers).toEqual(numbers.map((n) => expect.objectContaining({ data: n })));
    expect(messages).toEqual({ calls: 1, answers: 1 });
  });

  it("answers quick calls while a slow one of their message is under way", async () => {
    let slow = false;
    const late = client.call("test.slow", { gate: "one" }, options).then(() => (slow = true));
    const quick = [1, 2, 3].map((n) => client.call("test.slow", { n }, options));
    expect(await Promise.all(quick)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(slow).toBe(false);
    gates.get("one")!();
    await late;
  });

  it("gives the handler the headers and the deadline of each call", async () => {
    const traced = (traceparent: string, timeoutMs: number) =>
      client.call("test.echo", null, { timeoutMs, headers: { traceparent } });
    const [a, b] = (await Promise.all([traced("t-1", 300), traced("t-2", 60_000)])) as {
      readonly trace: string;
      readonly leftMs: number;
    }[];
    expect([a?.trace, b?.trace]).toEqual(["t-1", "t-2"]);
    expect(a!.leftMs).toBeLessThanOrEqual(300);
    expect(b!.leftMs).toBeGreaterThan(50_000);
  });

  it("rejects each call on its own: refused, not now, and without the text of a defect", async () => {
    const call = (how: string) => client.call("test.fail", how, options);
    const [text, object, defect, good] = await Promise.allSettled([
      call("text"),
      call("object"),
      call("defect"),
      client.call("test.echo", 1, options),
    ]);
    expect(text).toMatchObject({ reason: expect.any(RpcFailed) });
    expect(text).toMatchObject({ reason: { message: expect.stringContaining("not that way") } });
    expect(object).toMatchObject({ reason: expect.any(RpcUnavailable) });
    expect(defect).toMatchObject({ reason: { message: expect.stringContaining("Internal server error") } });
    expect(defect).not.toMatchObject({ reason: { message: expect.stringContaining("secret") } });
    expect(good.status).toBe("fulfilled");
  });

  it("says at once when nobody listens, to each call of the message", async () => {
    const began = Date.now();
    const calls = [1, 2, 3].map((n) => client.call("test.nobody", n, { timeoutMs: 60_000 }));
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({
        reason: { name: "RpcUnavailable", cause: expect.any(NoRespondersError) },
      });
    }
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it("gives up each call at its own deadline", async () => {
    const stop = respond(servers.nc, "test.silent", () => new Promise(() => undefined));
    const ends: number[] = [];
    const call = async (timeoutMs: number) => {
      await expect(client.call("test.silent", null, { timeoutMs })).rejects.toMatchObject({
        name: "RpcUnavailable",
        cause: expect.any(TimeoutError),
      });
      ends.push(timeoutMs);
    };
    await Promise.all([call(240), call(60), call(150)]);
    expect(ends).toEqual([60, 150, 240]);
    stop();
  });

  it("divides what is more than one message takes, and refuses what no message takes", async () => {
    const text = "ž".repeat(100_000);
    const echoed = (await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => client.call("test.slow", { text }, options)),
    )) as { readonly text: string }[];
    expect(echoed.map((e) => e.text === text)).toEqual(Array(6).fill(true));
    await expect(client.call("test.echo", "x".repeat(1_100_000), options)).rejects.toBeInstanceOf(RpcFailed);
    const [large, small] = await Promise.allSettled([
      client.call("test.large", 1_100_000, options),
      client.call("test.large", 10, options),
    ]);
    expect(large).toMatchObject({ reason: { name: "RpcFailed", message: expect.stringContaining("sent") } });
    expect(small).toEqual({ status: "fulfilled", value: "x".repeat(10) });
  });

  it("answers a plain request in Nest's format, so that other clients can call", async () => {
    const headers = toHeaders({ traceparent: "t-9", [headerNames.deadline]: String(Date.now() + 9_000) });
    const request = JSON.stringify({ pattern: "test.echo", data: { a: 1 }, id: "7" });
    const m = await servers.nc.request("test.echo", request, { timeout: 5_000, headers });
    expect(m.json()).toEqual({
      id: "7",
      isDisposed: true,
      response: { data: { a: 1 }, trace: "t-9", leftMs: expect.any(Number) },
    });
    const failing = JSON.stringify({ pattern: "test.fail", data: "text", id: "8" });
    expect((await servers.nc.request("test.fail", failing)).json()).toEqual({
      id: "8",
      isDisposed: true,
      err: { status: "error", message: "not that way" },
    });
    expect((await servers.nc.request("test.echo", '{"bare":true}')).json()).toMatchObject({
      response: { data: { bare: true } },
    });
    expect((await servers.nc.request("test.echo", "no JSON")).json()).toMatchObject({
      err: expect.stringContaining("not JSON"),
    });
  });

  it("answers what is under way when it stops, and hands the rest to another instance", async () => {
    const under = client.call("test.slow", { gate: "stop" }, options);
    const gate = await eventually("the call under way", () => gates.get("stop"));
    let closed = false;
    const closing = app.close().then(() => (closed = true));
    await servers.nc.flush();
    const other = await start();
    expect(await client.call("test.echo", "next", options)).toMatchObject({ data: "next" });
    expect(closed).toBe(false);
    gate();
    expect(await under).toEqual({ gate: "stop" });
    await closing;
    app = other;
  });
});
