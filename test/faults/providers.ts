/**
 * Providers that hang, refuse, lose and answer late, and a mail server that accepts a connection and says nothing more. The
 * other channels go on at their speed; what cannot be sent waits in the stream, not in memory; each command ends once (I8).
 */
import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Load } from "./load.js";
import { providerCalls } from "./ledgers.js";
import type { Rig } from "./rig.js";
import type { Run, Scenario } from "./scenario.js";

const PHASES = {
  short: ["sms=hang"],
  normal: ["sms=hang", "sms=late", "push=hang", "sms=lost,push=reject"],
  long: [
    "sms=hang",
    "sms=late",
    "push=hang",
    "sms=lost,push=reject",
    "push=late,sms=reject",
    "execute=hang",
    "sms=hang",
  ],
};
const EVENTS = { short: 250, normal: 600, long: 3_000 } as const;
/** How much a process may grow while its provider hangs, MB: buffers and a heap that is collected late, not a backlog. */
const GROWTH_MB = 120;
/** The longest that a command to a healthy channel may take from its order to its provider, on a busy machine. */
const HEALTHY_MS = 5_000;

export const providers: Scenario = {
  id: "providers",
  title: "providers slow, hanging, failing, answering late; a mail server that hangs",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const mail = await hangingServer();
    try {
      const env = { channels: { CHANNEL_CONCURRENCY: "8", SMTP_URL: `smtp://127.0.0.1:${mail.port}` } };
      const rig = await run.start({ actors: 1, env });
      const load = run.load(rig);
      await load.more(80);
      for (const faults of run.pick(PHASES)) await phase(run, rig, load, faults);
      const channels = rig.service("channels-0");
      channels.nextEnv = () => ({ SMTP_URL: "" });
      await channels.crash();
      await channels.untilReady();
      run.log("all providers are well again");
      await load.more(60);
      await run.settle(rig, load);
    } finally {
      mail.close();
    }
  },
};

async function phase(run: Run, rig: Rig, load: Load, faults: string): Promise<void> {
  const channels = rig.service("channels-0");
  channels.nextEnv = () => ({ SANDBOX_FAULTS: faults });
  await channels.crash();
  await channels.untilReady();
  run.fault(`${faults}, and the mail server hangs`);
  const watched = [channels, rig.service("actor-0")];
  const before = watched.map((s) => residentMb(s.child.pid));
  const from = Date.now();
  const sends = providerCalls(rig).length;
  await load.more(run.pick(EVENTS));
  for (const [i, service] of watched.entries()) {
    const now = residentMb(service.child.pid);
    run.log(`${service.id}: ${before[i]!.toFixed(0)} → ${now.toFixed(0)} MB`);
    if (now - before[i]! > GROWTH_MB)
      run.violations.push({
        invariant: "I11",
        expected: `${service.id} to grow by less than ${GROWTH_MB} MB while a provider hangs`,
        found: [`VmRSS: ${before[i]!.toFixed(0)} MB, then ${now.toFixed(0)} MB`],
      });
  }
  const broken = faults.split(",").map((f) => f.split("=")[0]!);
  const healthy = ["push", "execute"].filter((c) => !broken.includes(c));
  for (const channel of healthy) {
    const calls = providerCalls(rig)
      .slice(sends)
      .filter((c) => c.channel === channel);
    const longestGap = gapOf(
      calls.map((c) => c.wallMs),
      from,
      Date.now(),
    );
    run.log(`${channel}: ${calls.length} sends, none for at most ${longestGap} ms`);
    if (longestGap > HEALTHY_MS)
      run.violations.push({
        invariant: "I11",
        expected: `${channel} to go on while ${faults}`,
        found: [`provider: nothing on ${channel} for ${longestGap} ms`],
      });
  }
}

function gapOf(times: readonly number[], from: number, to: number): number {
  let longest = 0;
  let last = from;
  for (const t of [...times, to]) {
    longest = Math.max(longest, t - last);
    last = t;
  }
  return longest;
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_000;
}

/** Accepts connections and never says a word. */
async function hangingServer(): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    close: () => {
      for (const s of sockets) s.destroy();
      server.close();
    },
  };
}
