import { parseStartArgs, UsageError } from "./options.js";

describe("arguments of npm start", () => {
  it("has defaults that give about a minute", () => {
    expect(parseStartArgs([])).toEqual({
      kind: "start",
      options: {
        once: false,
        fresh: false,
        speed: 2,
        from: undefined,
        to: undefined,
        days: 120,
        quiet: false,
        json: false,
        scenario: undefined,
      },
    });
  });

  it("takes what is given", () => {
    const parsed = parseStartArgs([
      "--once",
      "--fresh",
      "--speed",
      "0.5",
      "--from",
      "1993-10-01",
      "--to=1993-12-01",
      "--json",
    ]);
    expect(parsed).toMatchObject({
      options: {
        once: true,
        fresh: true,
        speed: 0.5,
        from: "1993-10-01",
        to: "1993-12-01",
        quiet: true,
        json: true,
      },
    });
  });

  it("shows help", () =>
    expect(parseStartArgs(["--help"])).toMatchObject({
      kind: "help",
      text: expect.stringContaining("--once"),
    }));

  it.each([
    [["--speed", "0"], /--speed is "0"/],
    [["--speed", "fast"], /--speed is "fast"/],
    [["--days", "-1"], /--days/],
    [["--from", "1993-02-30"], /--from is "1993-02-30".*YYYY-MM-DD/],
    [["--to", "tomorrow"], /--to is "tomorrow"/],
    [["--days", "3", "--to", "1993-08-01"], /give one of them/],
    [["--onec"], /--onec/],
    [["now"], /now/],
  ])("refuses %j, naming it", (args, message) => {
    expect(() => parseStartArgs(args)).toThrow(UsageError);
    expect(() => parseStartArgs(args)).toThrow(message);
  });
});
