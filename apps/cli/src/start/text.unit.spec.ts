import { bar, count, counted, elapsed, fit, left, list, milliseconds, right, style, width } from "./text.js";

describe("text for a terminal", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1_000, "1,000"],
    [1_234_567, "1,234,567"],
  ])("counts %d as %s", (n, text) => expect(count(n)).toBe(text));

  it("puts one and many", () => {
    expect(counted(1, "event")).toBe("1 event");
    expect(counted(0, "event")).toBe("0 events");
    expect(counted(2, "process", "processes")).toBe("2 processes");
  });

  it.each([
    [undefined, "–"],
    [0.04, "0.0 ms"],
    [8.44, "8.4 ms"],
    [120.4, "120 ms"],
    [2_340, "2.3 s"],
  ])("shows a latency of %p as %s", (ms, text) => expect(milliseconds(ms)).toBe(text));

  it("shows time gone by", () => {
    expect(elapsed(7_900)).toBe("0:07");
    expect(elapsed(83_000)).toBe("1:23");
    expect(elapsed(-5)).toBe("0:00");
  });

  it("cuts what is too long, and says so", () => {
    expect(fit("abcdef", 6)).toBe("abcdef");
    expect(fit("abcdefg", 6)).toBe("abcde…");
    expect(fit("abc", 0)).toBe("");
  });

  it("pads by what is seen, not by styles", () => {
    const s = style(true);
    expect(width(left(s.bold("ab"), 5))).toBe(5);
    expect(width(right(s.bad("ab"), 5))).toBe(5);
    expect(s.bold("ab")).toContain("\x1b[");
    expect(style(false).bold("ab")).toBe("ab");
  });

  it.each([-1, 0, 0.333, 1, 7])("draws a bar of the width it is given at %d", (share) => {
    const { done, open } = bar(share, 30);
    expect(done.length + open.length).toBe(30);
  });

  it("lists what fits and how many more there are", () => {
    expect(list(["a 1", "b 2", "c 3"], 80)).toBe("a 1 · b 2 · c 3");
    expect(list(["aaaa 1", "bbbb 2", "cccc 3"], 14)).toBe("aaaa 1 · +2");
    expect(width(list(["x".repeat(50)], 10))).toBe(10);
  });
});
