import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AlreadyRunning,
  commandLineOf,
  endLeftovers,
  RunRecord,
  runningClock,
  runningNatsUrl,
  startChild,
  type Child,
} from "./index.js";

const dir = mkdtempSync(join(tmpdir(), "segue-run-"));
const file = join(dir, "run.json");
const children: Child[] = [];

/** A process that runs until it is told to end, and one that does not even end then. */
async function sleeper(stubborn = false): Promise<Child> {
  const code = `${stubborn ? `process.on("SIGTERM", () => {});` : ""} setInterval(() => {}, 1000); console.log("up");`;
  return new Promise((resolve) => {
    const child = startChild(process.execPath, ["-e", code], { onOutput: () => resolve(child) });
    children.push(child);
  });
}

afterEach(async () => {
  await Promise.all(children.splice(0).map((c) => c.kill()));
  rmSync(file, { force: true });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** As the file of a launcher that has ended would be. */
function afterItsLauncherDied(): void {
  const run = JSON.parse(readFileSync(file, "utf8")) as { launcher: { pid: number; command: string } };
  writeFileSync(
    file,
    JSON.stringify({ ...run, launcher: { ...run.launcher, command: "some other program" } }),
  );
}

describe("where the nats-server of a run listens", () => {
  it("is known while its launcher lives, and not after", () => {
    expect(runningNatsUrl(file)).toBeUndefined();
    const record = new RunRecord(file);
    record.listensAt("nats://127.0.0.1:41234");
    expect(runningNatsUrl(file)).toBe("nats://127.0.0.1:41234");
    afterItsLauncherDied();
    expect(runningNatsUrl(file)).toBeUndefined();
  });
});

describe("the clock that the services of a run go by", () => {
  it("is known while its launcher lives, whatever is recorded later, and not after", () => {
    const record = new RunRecord(file);
    record.listensAt("nats://127.0.0.1:41234");
    expect(runningClock(file)).toBeUndefined();
    record.goesBy("replay:1:2:3");
    record.listensAt("nats://127.0.0.1:41235");
    expect(runningClock(file)).toBe("replay:1:2:3");
    afterItsLauncherDied();
    expect(runningClock(file)).toBeUndefined();
  });
});

describe("what a killed launcher has left running", () => {
  it("is ended at the next start", async () => {
    const child = await sleeper();
    new RunRecord(file).add("gateway", child.pid);
    afterItsLauncherDied();
    expect(await endLeftovers(file)).toEqual([
      { name: "gateway", pid: child.pid, command: expect.stringContaining("setInterval") },
    ]);
    expect((await child.exited).signal).toBe("SIGTERM");
    expect(existsSync(file)).toBe(false);
  });

  it("is ended by force when it does not go", async () => {
    const child = await sleeper(true);
    new RunRecord(file).add("gateway", child.pid);
    afterItsLauncherDied();
    await endLeftovers(file);
    expect((await child.exited).signal).toBe("SIGKILL");
  });

  it("is left alone when the id belongs to another program by now", async () => {
    const child = await sleeper();
    new RunRecord(file).add("gateway", child.pid);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("setInterval", "setTimeout"));
    expect(await endLeftovers(file)).toEqual([]);
    expect(commandLineOf(child.pid)).toBeDefined();
  });

  it("refuses to start beside a launcher that is alive", async () => {
    const launcher = await sleeper();
    const service = await sleeper();
    const of = (child: Child) => ({ name: "x", pid: child.pid, command: commandLineOf(child.pid) });
    writeFileSync(file, JSON.stringify({ launcher: of(launcher), processes: [of(service)] }));
    const second = new RunRecord(file);
    await expect(endLeftovers(file)).rejects.toThrow(AlreadyRunning);
    second.clear();
    expect(existsSync(file)).toBe(true);
    expect(commandLineOf(service.pid)).toBeDefined();
  });

  it.each(["", "{", "{}", '{"launcher":{"pid":1,"command":"init"},"processes":[{"pid":0,"command":"x"}]}'])(
    "is nothing when the file holds %j",
    async (text) => {
      writeFileSync(file, text);
      expect(await endLeftovers(file)).toEqual([]);
    },
  );
});
