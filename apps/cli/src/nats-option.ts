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

/**
 * Segue's clock where a command asks: that of the `npm start` in this folder, which goes on in the time of its replay; of any
 * other installation the wall's.
 */
export function clockAt(nats: string): Clock {
  return clockFrom(runningClock(RUN, nats));
}

/** The same for reading what happened earlier: events keep the time that they carry. */
export function readingClockAt(nats: string): Clock {
  const clock = clockAt(nats);
  const now = Date.now();
  return clock.kind === "replay" ? clock : replayClock({ startWall: now, startTime: now, speed: 1 });
}
