import { type CustomerEvent, type DecisionRequest } from "#contracts";
import { eventFingerprint, hasSeen, recordDuplicate } from "../context/index.js";
import { type Journeys } from "./definitions.js";
import { answer, step } from "./step.js";
import { type Turn } from "./turn.js";

/** An event that waits for its turn, and the time at which it will be applied (epoch ms). */
export interface WaitingEvent {
  readonly event: CustomerEvent;
  readonly now: number;
}

/**
 * What a turn that asks, and the events that wait behind it, will ask after its open question, if every answer is
 * `none`: an answer `none` changes nothing that a later question holds, so each is the very question that will be asked
 * then. At most `limit`; ends early where it cannot be foreseen. The turn is not changed.
 */
export function asksAhead(
  turn: Turn,
  waiting: readonly WaitingEvent[],
  journeys: Journeys,
  limit: number,
): readonly DecisionRequest[] {
  const asks: DecisionRequest[] = [];
  try {
    let ahead: Turn = { ...turn, intents: [], entries: [] };
    for (let i = 0; ; i++) {
      while (ahead.ask) {
        const { decisionId } = ahead.ask;
        answer(ahead, { kind: "none", decisionId, reason: "presumed" }, journeys);
        if (ahead.ask) asks.push(ahead.ask);
        if (asks.length >= limit) return asks;
      }
      const next = waiting[i];
      if (!next) return asks;
      const { context } = ahead;
      if (context.journeys.some((j) => !journeys.version(j.journey, j.version))) return asks;
      if (hasSeen(context.seen, eventFingerprint(next.event))) {
        ahead = { ...ahead, context: recordDuplicate(context, next.event.seq) };
        continue;
      }
      ahead = step(context, next.event, next.now, journeys);
      if (ahead.ask) asks.push(ahead.ask);
      if (asks.length >= limit) return asks;
    }
  } catch {
    // An event that cannot be handled: its own turn will tell.
    return asks;
  }
}
