import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { armFaultPoint, faultPoint } from "./fault-point.js";

const MODULE = pathToFileURL(join(import.meta.dirname, "fault-point.js")).href;

/** A process that passes the point five times. */
function pass(setting: string): { signal: string | null; passed: number } {
  const code = `import { armFaultPoint, faultPoint } from ${JSON.stringify(MODULE)};
    import { writeSync } from "node:fs";
    armFaultPoint(${JSON.stringify(setting)});
    for (let i = 0; i < 5; i++) { faultPoint("actor.commit.after"); writeSync(1, "."); }`;
  const { signal, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code]);
  return { signal, passed: stdout.length };
}

describe("a fault point", () => {
  afterEach(() => armFaultPoint(undefined));

  it("kills its process at the pass that was named, and at no other point", () => {
    expect(pass("actor.commit.after:3")).toEqual({ signal: "SIGKILL", passed: 2 });
    expect(pass("actor.commit.after")).toEqual({ signal: "SIGKILL", passed: 0 });
    expect(pass("actor.commit.before:1")).toEqual({ signal: null, passed: 5 });
  });

  it("does nothing when not armed", () => {
    armFaultPoint(undefined);
    expect(() => faultPoint("actor.commit.after")).not.toThrow();
  });

  it.each(["commit", "actor.commit.after:0", "actor.commit.after:x"])("refuses %j", (setting) => {
    expect(() => armFaultPoint(setting)).toThrow(/SEGUE_KILL_AT.*use <point>/);
  });
});
