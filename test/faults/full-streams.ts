/**
 * A stream reaches its limit, or the server's store does, or the disk: publishers see errors (over HTTP a 503 with advice),
 * nothing that was acknowledged is lost, and with room everything goes on. All streams refuse when full (`discard: new`).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiscardPolicy, jetstream } from "@nats-io/jetstream";
import { problemV1, STREAMS } from "#contracts";
import { eventually } from "#testing";
import type { Load } from "./load.js";
import type { Rig } from "./rig.js";
import type { Run, Scenario, Size } from "./scenario.js";

const INVARIANTS = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"] as const;
const FULL_MS = { short: 800, normal: 3_000, long: 10_000 } as const;
const STREAMS_FILLED: Readonly<Record<Size, readonly string[]>> = {
  short: ["EVT", "CTX", "CMD"],
  normal: ["EVT", "CTX", "CMD", "AUDIT", "TIMER", "DLQ"],
  long: ["EVT", "CTX", "CMD", "AUDIT", "TIMER", "DLQ", "EVT", "CTX", "CMD", "AUDIT"],
};

/** Requests until one is refused. */
const TRIES = 200;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const fullStreams: Scenario = {
  id: "streams-full",
  title: "a stream at its limit: every stream in turn",
  invariants: INVARIANTS,
  async run(run: Run): Promise<void> {
    const rig = await run.start({ actors: 1 });
    for (const { name } of STREAMS) {
      const { config } = await rig.jsm.streams.info(name);
      if (config.discard !== DiscardPolicy.New)
        run.violations.push({
          invariant: "I1",
          expected: `${name} to refuse when full`,
          found: [`discard: ${config.discard}`],
        });
    }
    const load = run.load(rig);
    await load.more(80);
    for (const name of run.pick(STREAMS_FILLED)) {
      const { state } = await rig.jsm.streams.info(name);
      await rig.jsm.streams.update(name, { max_bytes: Math.max(state.bytes, 1) });
      run.fault(`${name} is full`);
      if (name === "EVT") await checkRefused(run, rig, load);
      await wait(run.pick(FULL_MS));
      await rig.jsm.streams.update(name, { max_bytes: -1 });
      await load.more(60);
    }
    await run.settle(rig, load);
  },
};

function postOne(rig: Rig, i: number): Promise<Response> {
  const id = `full-${Date.now()}-${i}`;
  const event = { specversion: "1.0", id, source: "core", type: "account.credited", subject: "full" };
  return fetch(`${rig.gateway!.url}/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify(event),
  });
}

/** Publishers see it, over NATS and over HTTP. */
async function checkRefused(run: Run, rig: Rig, load: Load): Promise<void> {
  const before = [...load.refusals.values()].reduce((a, b) => a + b, 0);
  let response = await postOne(rig, 0);
  // A disk that is full is noticed at the next write that needs a block.
  for (let i = 1; response.status === 202 && i < TRIES; i++) {
    await wait(50);
    response = await postOne(rig, i);
  }
  const problem = problemV1.safeParse(await response.json());
  if (response.status !== 503 || !problem.success || !(Number(response.headers.get("retry-after")) > 0))
    run.violations.push({
      invariant: "I1",
      expected: "503, a problem, and when to try again, from the gateway while EVT is full",
      found: [`gateway: ${response.status}, Retry-After ${response.headers.get("retry-after")}`],
    });
  await eventually(
    "publishers to be refused",
    () => [...load.refusals.values()].reduce((a, b) => a + b, 0) > before,
  );
  run.log(`publishers were told: ${[...load.refusals.keys()].slice(0, 4).join("; ")}`);
}

export const fullDisk: Scenario = {
  id: "disk-full",
  title: "the server's store at its limit, and the disk below it (a small tmpfs) full",
  invariants: INVARIANTS,
  async run(run: Run): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), "segue-disk-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", dir], { stdio: "pipe" });
    } catch (error) {
      rmSync(dir, { recursive: true });
      return run.skip(
        `no small file system can be mounted here (it takes root): ${(error as Error).message.split("\n").at(-1)}`,
      );
    }
    try {
      await onSmallDisk(run, dir);
    } finally {
      await run.close();
      execFileSync("umount", [dir]);
      rmSync(dir, { recursive: true });
    }
  },
};

async function onSmallDisk(run: Run, natsDir: string): Promise<void> {
  const rig = await run.start({ actors: 1, natsDir, jetstream: ["max_file_store: 24MB"] });
  const load = run.load(rig);
  await load.more(80);

  // Another tenant of the same server takes what the store may hold; removing it makes room, without a restart.
  await rig.jsm.streams.add({ name: "OTHER", subjects: ["other.>"] });
  const js = jetstream(rig.nc, { timeout: 1_000 });
  const block = new Uint8Array(500_000);
  while (
    await js.publish("other.x", block).then(
      () => true,
      () => false,
    )
  );
  run.fault("the server's store is full (max_file_store)");
  await checkRefused(run, rig, load);
  await wait(run.pick(FULL_MS));
  await rig.jsm.streams.delete("OTHER");
  await load.more(60, 60_000);

  if (run.size === "short") {
    run.log("short: the full disk itself is left to the normal size");
    return void (await run.settle(rig, load));
  }

  const other = join(natsDir, "other-files");
  mkdirSync(other);
  const piece = Buffer.alloc(256 * 1024);
  try {
    for (let i = 0; ; i++) writeFileSync(join(other, String(i)), piece);
  } catch {
    run.fault("the disk is full");
  }
  await checkRefused(run, rig, load);
  await wait(run.pick(FULL_MS));
  rmSync(other, { recursive: true });
  // After a write error the server does not write to that stream again until it is started anew.
  await rig.nats[0]!.stop();
  await rig.nats[0]!.start();
  run.log("room was made, nats-server was restarted");
  await load.more(60, 60_000);
  await run.settle(rig, load);
}
