import { readConfig } from "./config.js";

describe("gateway configuration", () => {
  it("has defaults for everything", () => {
    expect(readConfig({})).toMatchObject({
      port: 8080,
      host: "127.0.0.1",
      natsUrl: "nats://127.0.0.1:4222",
      otlpEndpoint: undefined,
      publishGiveUpMs: 3_000,
      eventMaxFutureMs: 300_000,
      eventMaxAgeMs: 315_576_000_000,
      batchMaxEvents: 256,
      batchMaxBytes: 4_194_304,
    });
  });

  it("has no limit for the age of events in a replay, unless one is set", () => {
    const SEGUE_CLOCK = "replay:1:1:1";
    expect(readConfig({ SEGUE_CLOCK }).eventMaxAgeMs).toBe(Infinity);
    expect(readConfig({ SEGUE_CLOCK, EVENT_MAX_AGE: "2d" }).eventMaxAgeMs).toBe(172_800_000);
  });

  it.each([
    [{ PORT: "http" }, /PORT: a whole number/],
    [{ PORT: "70000" }, /PORT: a port is 0 to 65535/],
    [{ PUBLISH_GIVE_UP: "3 seconds" }, /PUBLISH_GIVE_UP: a duration is/],
    [{ SEGUE_CLOCK: "sundial" }, /SEGUE_CLOCK/],
    [{ LOG_LEVEL: "loud", HOST: "" }, /HOST.*LOG_LEVEL/],
  ])("names the variable that is wrong: %j", (env, message) => {
    expect(() => readConfig(env)).toThrow(message);
  });
});
