import { headers } from "@nats-io/nats-core";
import { formatTraceparent, headerGetter, parseTraceparent } from "./trace-context.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("traceparent", () => {
  it("is read and written", () => {
    const parent = parseTraceparent(`00-${TRACE}-${SPAN}-01`);
    expect(parent).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1 });
    expect(formatTraceparent(parent!)).toBe(`00-${TRACE}-${SPAN}-01`);
  });

  it.each([
    [
      "a later version with more fields",
      `01-${TRACE}-${SPAN}-01-x`,
      { traceId: TRACE, spanId: SPAN, flags: 1 },
    ],
    ["space around it", ` 00-${TRACE}-${SPAN}-00 `, { traceId: TRACE, spanId: SPAN, flags: 0 }],
    ["no header", undefined, undefined],
    ["version 00 with more fields", `00-${TRACE}-${SPAN}-01-x`, undefined],
    ["version ff", `ff-${TRACE}-${SPAN}-01`, undefined],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${SPAN}-01`, undefined],
    ["a span id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`, undefined],
    ["upper-case ids", `00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
    ["something else", "hello", undefined],
  ])("copes with %s", (_, text, expected) => {
    expect(parseTraceparent(text)).toEqual(expected);
  });

  it("passes on no flag but `sampled`", () => {
    expect(formatTraceparent({ traceId: TRACE, spanId: SPAN, flags: 0xff })).toMatch(/-01$/);
    expect(formatTraceparent({ traceId: TRACE, spanId: SPAN, flags: 0xfe })).toMatch(/-00$/);
  });
});

describe("headerGetter", () => {
  it.each(["traceparent", "Traceparent", "TraceParent", "TRACEPARENT"])(
    "finds a NATS header sent as %s",
    (name) => {
      const h = headers();
      h.set("Segue-Deadline", "1");
      h.set(name, "value");
      expect(headerGetter(h)("traceparent")).toBe("value");
      expect(headerGetter(h)("TraceParent")).toBe("value");
      expect(headerGetter(h)("tracestate")).toBeUndefined();
    },
  );

  it.each(["traceparent", "Traceparent"])("finds an HTTP header given as %s", (name) => {
    expect(headerGetter({ host: "x", [name]: "value" })("TraceParent")).toBe("value");
  });

  it("joins a header that came several times", () => {
    expect(headerGetter({ tracestate: ["a=1", "b=2"] })("tracestate")).toBe("a=1,b=2");
  });

  it("finds nothing where there are no headers, nor in the prototype", () => {
    expect(headerGetter(undefined)("traceparent")).toBeUndefined();
    expect(headerGetter({})("constructor")).toBeUndefined();
    expect(headerGetter(headers())("traceparent")).toBeUndefined();
  });
});
