/**
 * Which nats-server a command asks: `--nats <url>`, else that of the `npm start` in this folder, else the usual address; and
 * what time it is there.
 */
import { join } from "node:path";
import { clockFrom, replayClock, type Clock } from "#clock";
import { runningClock, runningNatsUrl } from "#embedded";

const USUAL = "nats://127.0.0.1:4222";
const RUN = join(process.cwd(), ".segue", "run.json");

/** For `parseArgs`. */
export const natsOption = {
  type: "string",
  default: runningNatsUrl(RUN) ?? USUAL,
} as const;

/** For the help of a command. */
export const NATS_DEFAULT_TEXT = `default: of the npm start that runs in this folder, else ${USUAL}`;

/** The clock of the `npm start` in this folder, if it is the one at this address: it shows the time of the replayed data. */
export function clockOfRun(nats: string): Clock | undefined {
  const text = nats === runningNatsUrl(RUN) ? runningClock(RUN) : undefined;
  return text === undefined ? undefined : clockFrom(text);
}

/** The same; where it is not known, the time of this machine, and events keep the time that they carry. */
export function clockThere(nats: string): Clock {
  const now = Date.now();
  return clockOfRun(nats) ?? replayClock({ startWall: now, startTime: now, speed: 1 });
}
