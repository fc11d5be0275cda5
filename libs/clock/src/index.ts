/**
 * The clock is one port; nothing else in Segue reads the time. In live use it is the wall's. In a replay the
 * events carry the time: handling an event happens at the event's own time, and only what must come by
 * itself (timers, late receipts) is mapped to the wall by a start and a speed.
 */
export interface Clock {
  /** Segue's time, epoch ms. */
  now(): number;
  /** `wall` or `replay`. */
  readonly kind: "wall" | "replay";
  /**
   * The time at which to handle an event that happened at `time` (epoch ms). Live: now. Replay: the event's
   * own time, so that a run does not depend on how fast it goes.
   */
  at(time: number): number;
  /** Whether a timer set for `time` may fire: false for one that comes early (set by an earlier run's clock). */
  isDue(time: number): boolean;
  /** Wall time (epoch ms) at which Segue's clock will show `time`. */
  wallAt(time: number): number;
  /** Wall milliseconds that this many milliseconds of Segue's time take. */
  wallMs(durationMs: number): number;
}

export const wallClock: Clock = {
  kind: "wall",
  now: () => Date.now(),
  at: () => Date.now(),
  isDue: (time) => time <= Date.now(),
  wallAt: (time) => time,
  wallMs: (durationMs) => durationMs,
};

export interface ReplayClockOptions {
  /** Wall time (epoch ms) at which the replay shows `startTime`. */
  readonly startWall: number;
  /** Epoch ms. */
  readonly startTime: number;
  /** Milliseconds of event time per millisecond of wall time. */
  readonly speed: number;
}

/** A schedule fires on whole milliseconds of the wall; half a wall second of slack counts as on time. */
const EARLY_SLACK_WALL_MS = 500;

export function replayClock(
  { startWall, startTime, speed }: ReplayClockOptions,
  wall: () => number = Date.now,
): Clock {
  const now = (): number => startTime + Math.round((wall() - startWall) * speed);
  return {
    kind: "replay",
    now,
    at: (time) => time,
    isDue: (time) => time <= now() + EARLY_SLACK_WALL_MS * speed,
    wallAt: (time) => startWall + Math.ceil((time - startTime) / speed),
    wallMs: (durationMs) => durationMs / speed,
  };
}

/** The clock of what is on record: an event is handled at its own time, and `now` (epoch ms) is what the record says. */
export function recordedClock(now: () => number): Clock {
  return { ...wallClock, kind: "replay", now, at: (time) => time };
}

/**
 * The clock that a process is told to use: `wall` (also when unset), or `replay:<startWall>:<startTime>:<speed>`.
 * Throws an error naming the text when it is neither.
 */
export function clockFrom(text: string | undefined): Clock {
  if (text === undefined || text === "" || text === "wall") return wallClock;
  const m = /^replay:(\d+):(-?\d+):(\d+(?:\.\d+)?)$/.exec(text);
  if (!m || Number(m[3]) <= 0) {
    throw new Error(
      `SEGUE_CLOCK is ${JSON.stringify(text)}: use "wall" or "replay:<startWallMs>:<startTimeMs>:<speed>" with speed > 0`,
    );
  }
  return replayClock({ startWall: Number(m[1]), startTime: Number(m[2]), speed: Number(m[3]) });
}

/** The text that makes `clockFrom` build the same replay clock. */
export function replayClockText(o: ReplayClockOptions): string {
  return `replay:${o.startWall}:${o.startTime}:${o.speed}`;
}

/**
 * A replay clock that stands (almost) still long before the events: they carry the time, simulated latencies pass in no
 * time, and timers fire only because later events catch them up. So a run is the same every time.
 */
export function standingClockText(): string {
  return replayClockText(standingClock());
}

export function standingClock(): ReplayClockOptions {
  return { startWall: Date.now(), startTime: Date.UTC(1900, 0, 1), speed: 100_000 };
}
