import { chartSvg, number, type Chart } from "./chart.js";

const CHART: Chart = {
  title: "Throughput & more",
  subtitle: "on <this> machine",
  x: "durability",
  y: "events per second",
  categories: ["default", "fsync"],
  series: [
    { name: "Segue", values: [2_500, 900] },
    { name: "floor", values: [5_000, undefined] },
  ],
  kind: "grouped",
};

const bars = (svg: string): { y: number; height: number; tip: string }[] =>
  [
    ...svg.matchAll(/<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"[^>]*><title>([^<]*)/g),
  ].map((m) => ({ y: Number(m[1]), height: Number(m[2]), tip: m[3]! }));

describe("charts", () => {
  it("have a title, axes with units, categories, a legend, and values, escaped", () => {
    const svg = chartSvg(CHART);
    for (const text of [
      "Throughput &#38; more",
      "on &#60;this&#62; machine",
      "durability",
      "events per second",
    ])
      expect(svg).toContain(text);
    for (const text of ["default", "fsync", "Segue", "floor", "2,500", "5,000"])
      expect(svg).toContain(`>${text}<`);
    expect(svg).not.toContain("undefined");
    expect(svg).not.toContain("NaN");
  });

  it("draw bars as high as their values, from the axis; what is not there is not drawn", () => {
    const [a, b, c] = bars(chartSvg(CHART));
    expect(bars(chartSvg(CHART))).toHaveLength(3);
    expect(b!.tip).toBe("floor, default: 5,000");
    expect(a!.height / b!.height).toBeCloseTo(0.5, 2);
    expect(c!.y + c!.height).toBeCloseTo(b!.y + b!.height, 1);
  });

  it("stack bars on each other, with the sum on top", () => {
    const svg = chartSvg({ ...CHART, kind: "stacked" });
    const [first, second] = bars(svg);
    expect(second!.y + second!.height).toBeCloseTo(first!.y, 0);
    expect(svg).toContain(">7,500<");
  });

  it("draw lines through what is there", () => {
    const svg = chartSvg({ ...CHART, kind: "line" });
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
  });

  it("on a logarithmic axis, ten times as much is the same step everywhere", () => {
    const series = [{ name: "p50", values: [1, 10, 100] }];
    const svg = chartSvg({ ...CHART, categories: ["a", "b", "c"], series, logY: true });
    const [, b, c] = bars(svg);
    expect(c!.height / b!.height).toBeCloseTo(2, 2);
  });

  it("of lines may leave out the values, and end where they are told", () => {
    const svg = chartSvg({ ...CHART, kind: "line", pointLabels: false, top: 10_000 });
    expect(svg).not.toContain(">2,500<");
    expect(svg).toContain(">10,000<");
  });

  it("break a label that is wider than its band", () => {
    const categories = ["payment-retry-succeeded", "b", "c", "d", "e", "f"];
    const svg = chartSvg({ ...CHART, categories, series: [{ name: "n", values: [1, 2, 3, 4, 5, 6] }] });
    expect(svg).toMatch(/>payment-retry-<\/text>.*>succeeded<\/text>/);
  });

  it("draw a target where it lies", () => {
    const svg = chartSvg({ ...CHART, target: { value: 2_500, label: "target" } });
    const y = Number(/y1="([\d.]+)" y2="[\d.]+" stroke="#c00"/.exec(svg)?.[1]);
    expect(y).toBeCloseTo(bars(svg)[0]!.y, 1);
  });

  it.each([
    [0, "0"],
    [0.123456, "0.123"],
    [12.34, "12.3"],
    [1_234.5, "1,235"],
  ])("writes %d as %s", (value, text) => expect(number(value)).toBe(text));

  it("can be empty", () => {
    expect(chartSvg({ ...CHART, categories: [], series: [] })).not.toContain("NaN");
  });
});
