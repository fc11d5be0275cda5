import { createLogger, NestLogger } from "./index.js";

function capture(level = "trace"): {
  lines: () => Record<string, unknown>[];
  log: ReturnType<typeof createLogger>;
} {
  const out: string[] = [];
  const log = createLogger({ service: "test", level, destination: { write: (line) => void out.push(line) } });
  return { log, lines: () => out.map((l) => JSON.parse(l) as Record<string, unknown>) };
}

describe("createLogger", () => {
  it("writes one JSON object per line, without trace ids outside of a span", () => {
    const { log, lines } = capture();
    log.info({ partition: 3 }, "taken over");
    expect(lines()).toEqual([
      { level: 30, time: expect.any(Number), service: "test", partition: 3, msg: "taken over" },
    ]);
  });

  it("writes for eyes when asked to", () => {
    const out: string[] = [];
    const log = createLogger({
      service: "test",
      pretty: true,
      destination: { write: (line) => void out.push(line) },
    });
    log.info({ partition: 3 }, "taken over");
    expect(out.join("")).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: test: taken over\n\s+partition: 3\n$/);
  });
});

describe("NestLogger", () => {
  it.each([
    ["log", 30],
    ["warn", 40],
    ["error", 50],
    ["fatal", 60],
    ["debug", 20],
    ["verbose", 10],
  ] as const)("%s has pino's level %d and Nest's context", (method, level) => {
    const { log, lines } = capture();
    new NestLogger(log)[method]("hello", "Somewhere");
    expect(lines()).toMatchObject([{ level, context: "Somewhere", msg: "hello" }]);
  });

  it("is quiet about how the framework wires itself, but not about its trouble", () => {
    const { log, lines } = capture("info");
    const nest = new NestLogger(log);
    nest.log("AppModule dependencies initialized", "InstanceLoader");
    nest.log("Mapped {/v1/events, POST} route", "RouterExplorer");
    nest.warn("unsupported route", "RouterExplorer");
    expect(lines()).toMatchObject([{ level: 40, msg: "unsupported route" }]);
  });

  it("keeps the stack apart from the message", () => {
    const { log, lines } = capture();
    const nest = new NestLogger(log);
    const error = new Error("broken");
    nest.error("it broke", error.stack, "Somewhere");
    nest.error(error, "ExceptionsHandler");
    expect(lines()).toMatchObject([
      { msg: "it broke", stack: error.stack, context: "Somewhere" },
      { msg: "broken", stack: error.stack, context: "ExceptionsHandler" },
    ]);
    expect(lines()[0]).not.toHaveProperty("details");
  });

  it("keeps further messages, and objects as JSON", () => {
    const { log, lines } = capture();
    new NestLogger(log).log({ a: 1 }, { b: 2 }, "Somewhere");
    expect(lines()).toMatchObject([{ msg: '{"a":1}', details: [{ b: 2 }], context: "Somewhere" }]);
  });
});
