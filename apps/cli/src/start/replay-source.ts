/** What the launcher replays: the events, and how they are told. The rest of the launcher knows only this. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import type { CloudEvent } from "#contracts";
import { readBerkaEvents } from "../berka/index.js";
import { filePositionStore, replayEvents, type ReplayProgress } from "../replay/index.js";

export interface ReplaySource {
  /** Every event of the replay, in order of time, the same at every start. */
  readonly events: readonly CloudEvent[];
  /** How many of them earlier starts have told. */
  readonly done: number;
  /** Tells the events (a beginning of `events`) from `done` on. Resolves when the stream has them all, or when stopped. */
  tell(o: {
    readonly nc: NatsConnection;
    readonly events: readonly CloudEvent[];
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onProgress: (p: ReplayProgress) => void;
  }): Promise<{ readonly published: number; readonly duplicates: number; readonly finished: boolean }>;
}

/** From here on there is enough of everything: overdrafts and recoveries, insurance payments, large moves of money. */
const DEFAULT_FROM = "1993-11-01";

/**
 * The Berka transactions below `root`, with the position kept below `stateDir`. The first day is kept with it: it numbers
 * the events. Throws when `from` is another one than the data was begun with.
 */
export async function berkaSource(o: {
  root: string;
  stateDir: string;
  from: string | undefined;
}): Promise<ReplaySource> {
  const begunFile = join(o.stateDir, "replay-from");
  const begun = existsSync(begunFile) ? readFileSync(begunFile, "utf8").trim() : undefined;
  if (begun !== undefined && o.from !== undefined && begun !== o.from) {
    throw new Error(`the stored replay began at ${begun}: start with --fresh to begin at ${o.from}`);
  }
  const from = begun ?? o.from ?? DEFAULT_FROM;
  const events = readBerkaEvents({ dir: join(o.root, "data/berka"), from });
  const position = filePositionStore(join(o.stateDir, "replay-position.json"));
  const done = (await position.load())?.events ?? 0;
  return {
    events,
    done,
    tell: (t) => {
      mkdirSync(dirname(begunFile), { recursive: true });
      writeFileSync(begunFile, `${from}\n`);
      return replayEvents({ ...t, position });
    },
  };
}
