import { readConfig } from "./config.js";

describe("config of the policy service", () => {
  it("names every variable that is missing or wrong", () => {
    expect(() => readConfig({ REDIS_URL: "localhost", HEALTH_PORT: "x" })).toThrow(
      /NATS_URL.*REDIS_URL.*HEALTH_PORT/,
    );
    expect(readConfig({ NATS_URL: "nats://h", REDIS_URL: "redis://h" })).toMatchObject({
      definitionsDir: ".",
      healthPort: undefined,
    });
  });
});
