import { jest } from "@jest/globals";
import { headers, type Msg, type NatsConnection } from "@nats-io/nats-core";
import { StandingPull } from "./standing-pull.js";

const MINUTE_MS = 60_000;

describe("a standing pull", () => {
  let deliver: (message: Partial<Msg>) => void;
  let asked: number;
  let ended: string[];
  let pull: StandingPull;
  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ["queueMicrotask", "setImmediate"] });
    asked = 0;
    ended = [];
    const nc = {
      subscribe: (_subject: string, options: { callback: (error: null, message: Msg) => void }) => {
        deliver = (message) => options.callback(null, message as Msg);
        return { drain: () => Promise.resolve() };
      },
      publish: () => asked++,
      isClosed: () => false,
      status: () => (async function* () {})(),
    } as unknown as NatsConnection;
    pull = new StandingPull({
      nc,
      stream: "S",
      consumer: "c",
      capacity: 4,
      room: () => 4,
      onMessage: () => undefined,
      onEnd: (error) => ended.push(error.message),
    });
    await new Promise((resolve) => setImmediate(resolve));
  });
  afterEach(() => {
    pull.stop();
    jest.useRealTimers();
  });

  it("ends within seconds when the leader that held its request is gone without a word (I8)", () => {
    expect(asked).toBe(1);
    jest.advanceTimersByTime(8_000);
    expect(ended).toEqual(["$JS.API.CONSUMER.MSG.NEXT.S.c: no heartbeat for 6 s"]);
    jest.advanceTimersByTime(MINUTE_MS);
    expect(ended).toHaveLength(1);
  });

  it("stands while there are heartbeats", () => {
    const heartbeat = headers(100, "Idle Heartbeat");
    for (let i = 0; i < 60; i++) {
      jest.advanceTimersByTime(2_000);
      deliver({ headers: heartbeat, reply: "" });
    }
    expect(ended).toEqual([]);
  });

  it("does not take a pause of its own process for one of the server", () => {
    deliver({ headers: headers(100, "Idle Heartbeat"), reply: "" });
    // Ten minutes pass on the clock, and one look.
    jest.setSystemTime(Date.now() + 10 * MINUTE_MS);
    jest.advanceTimersByTime(2_000);
    expect(ended).toEqual([]);
  });
});
