import { prettyLines } from "./pretty-log.js";

describe("logs for people", () => {
  it("makes JSON lines readable, in whatever pieces they come, and leaves the rest alone", () => {
    const written: string[] = [];
    const take = prettyLines((text) => written.push(text));
    const line = JSON.stringify({
      level: 40,
      time: 0,
      service: "policy",
      trace_id: "abc",
      msg: "Redis is away",
    });
    take(line.slice(0, 10));
    take(`${line.slice(10)}\nnot json\n`);
    expect(written).toHaveLength(2);
    expect(written[0]).toMatch(/WARN.*Redis is away/s);
    expect(written[0]).toContain("abc");
    expect(written[1]).toBe("not json\n");
  });
});
