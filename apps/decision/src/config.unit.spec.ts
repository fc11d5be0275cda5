import { readConfig } from "./config.js";

describe("configuration", () => {
  it("has defaults for a run on one machine", () => {
    expect(readConfig({ HEALTH_PORT: "" })).toEqual({
      natsUrl: "nats://127.0.0.1:4222",
      definitionsDir: ".",
      healthPort: undefined,
      logLevel: "info",
      otlpEndpoint: undefined,
    });
  });

  it("names the variable that is wrong", () => {
    expect(() => readConfig({ HEALTH_PORT: "http", LOG_LEVEL: "loud" })).toThrow(/HEALTH_PORT.*LOG_LEVEL/);
  });
});
