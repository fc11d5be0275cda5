import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "./config.js";
import { BrokenPack, loadPacks } from "./packs.js";

const good = (id: string): string =>
  `kind: PolicyPack\nid: ${id}\nversion: 1\ndescription: d\nsource: s\nrules:\n  - purpose: marketing\n    consent: required\n`;

describe("policy packs", () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "packs-"))));
  afterEach(() => rmSync(dir, { recursive: true }));
  const broken = (...files: string[]): readonly string[] => {
    files.forEach((text, i) => writeFileSync(join(dir, `${i}.yaml`), text));
    try {
      loadPacks(dir);
    } catch (error) {
      if (error instanceof BrokenPack) return error.problems.map((p) => p.replace(`${dir}/`, ""));
    }
    throw new Error("no BrokenPack");
  };

  it("loads those that ship", () => {
    expect(loadPacks("policies").map((p) => p.id)).toContain("default");
  });

  it.each([
    [
      "a wrong value",
      `${good("a")}    caps: [{ count: 3, period: 7x }]\n`,
      "0.yaml:9:32 rules.0.caps.0.period: a duration",
    ],
    [
      "a missing field",
      "kind: PolicyPack\nid: a\nversion: 1\ndescription: d\nrules:\n  - { purpose: marketing, consent: required }\n",
      "0.yaml:1:1 source:",
    ],
    ["an unknown field", `${good("a")}    blocks: [fraud]\n`, "0.yaml:7:5 rules.0: Unrecognized key"],
    [
      "quiet hours that never open",
      `${good("a")}    quietHours: { from: "08:00", to: "08:00" }\n`,
      "0.yaml:9:17 rules.0.quietHours: from and to",
    ],
    ["YAML that is none", "kind: [PolicyPack\nid: a\n", "0.yaml:2:1 YAML:"],
  ])("names file, line, column, path and cause of %s", (_, text, expected) => {
    expect(broken(text)[0]).toContain(expected);
  });

  it("names every problem, an id that is there twice, and an empty folder", () => {
    expect(broken(good("a"), good("a"), good("B"))).toHaveLength(2);
    rmSync(join(dir, "0.yaml"));
    rmSync(join(dir, "1.yaml"));
    rmSync(join(dir, "2.yaml"));
    expect(broken()[0]).toContain("no policy pack");
  });
});

describe("config", () => {
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
