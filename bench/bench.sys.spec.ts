/** The harness end to end, small: the real services, a load, and the checks on what they leave behind. */
import { findingsOf } from "./checks.js";
import { readHistory } from "./history.js";
import { Installation } from "./installation.js";
import { Load } from "./load.js";
import { openLoop, latencyWorkload } from "./latency.js";
import { checked, measureThroughput, RunFailed } from "./throughput.js";
import { W1_DEFAULTS, workload } from "./workload.js";

const WARM_UP = { ...W1_DEFAULTS, n: 50, customers: 20, prefix: "warm" };
const OPTIONS = { ...W1_DEFAULTS, n: 300, customers: 100 };

describe("npm run bench", () => {
  let system: Installation;
  beforeAll(async () => {
    system = await Installation.start({ durability: "default", actors: 1 });
  }, 60_000);
  afterAll(() => system.stop());

  it("measures throughput of a run that passes its checks (I1, I2, I6, I8)", async () => {
    const result = await measureThroughput(system, OPTIONS, WARM_UP);
    expect(result.events).toBe(300);
    expect(result.eventsPerSecond).toBeGreaterThan(1);
    expect(result.commandsPerEvent).toBeGreaterThan(0.1);
    expect(result.processes.map((p) => p.name)).toEqual(
      expect.arrayContaining(["nats-server", "redis-server", "context-actor", "harness"]),
    );
    expect(result.cpuMsPerEvent).toBeLessThan(result.cpuMsPerEventWithHarness);
    expect(result.peakResidentMb).toBeGreaterThan(100);
    expect(result.sizes.command).toBeGreaterThan(300);
  }, 60_000);

  it("measures the latency of each command, and finds what is wrong with a list that was not published so", async () => {
    const { prefix, customers } = latencyWorkload(50, 2);
    await system.bringInCustomers(prefix, customers);
    const load = await Load.open(system.nc);
    const after = await system.positions();
    const { step, events } = await openLoop(system, load, 50, 2);
    await load.close();
    const history = await checked(system, prefix, after, events);
    expect(step.count).toBe(history.commands.length);
    expect(step.p50Ms).toBeGreaterThan(0);
    expect(step.maxMs).toBeLessThan(30_000);
    const other = workload({ ...latencyWorkload(50, 2), seed: 1 });
    await expect(checked(system, prefix, after, other)).rejects.toThrow(RunFailed);
    const ledgerless = await readHistory({ nc: system.nc, prefix, after, ledgerFile: "/nowhere" });
    expect(ledgerless.sends).toEqual([]);
    expect(findingsOf(events, ledgerless).join()).toContain("no provider received it");
  }, 60_000);
});
