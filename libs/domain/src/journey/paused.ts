/**
 * Pausing: the open wait is taken down and its timer cancelled; the time that it had left is kept, to the millisecond,
 * and runs on when nothing holds the instance any more. Exits and the goal count meanwhile. What it waits for counts too:
 * the instance then stands at the step that it leads to and runs on from there.
 *
 * A hold is lifted by an event of the customer, or has an end, at which the instance looks again. A journey is resumed by no
 * event: an instance that was paused with its journey looks again every hour, so that one of a customer who is not heard of
 * goes on, too.
 */
import { parseTimerType, SEGUE_SOURCE, type JourneyInstance, type StepDefinition } from "#contracts";
import type { Journeys } from "./definitions.js";
import { JOURNEY_PAUSED, pausedBy } from "./held.js";
import { dropTimer, end, replace, setTimer, without, type Turn } from "./turn.js";

const LOOK_AGAIN_MS = 3_600_000;
/** Id of the timer by which a paused instance looks again; a wait has the number of its step in it. */
const LOOK = "look";

/** Pauses what is held by now, resumes what is no longer. */
export function pauseAndResume(turn: Turn, journeys: Journeys): void {
  const { profile } = turn.context;
  const nothingHolds = profile.holds.length === 0 && journeys.releases.none;
  for (const { id, paused } of turn.context.journeys) {
    if (nothingHolds && !paused) continue;
    const instance = turn.context.journeys.find((j) => j.id === id);
    const definition = instance && journeys.version(instance.journey, instance.version);
    if (!definition) continue;
    const held = pausedBy(profile, definition, journeys, turn.now);
    const at = journeys.step(definition, instance.step)?.step;
    if (held === undefined) {
      if (instance.paused) resume(turn, instance, instance.paused, at);
      continue;
    }
    if (instance.paused && at?.type === "exit") {
      end(turn, instance, at.reason);
      continue;
    }
    const { reason, until } = held;
    const news = instance.paused?.reason !== reason;
    if (!instance.paused) pause(turn, instance, reason);
    else if (news) replace(turn, { ...instance, paused: { ...instance.paused, reason } });
    const lookAt = reason === JOURNEY_PAUSED ? turn.context.now + LOOK_AGAIN_MS : until;
    if (lookAt !== undefined && (news || looks(turn, id))) setTimer(turn, id, LOOK, lookAt);
  }
}

/** True when the turn's event is the timer by which this instance looks again. */
function looks({ event }: Turn, instance: string): boolean {
  const timer = event.source === SEGUE_SOURCE ? parseTimerType(event.type) : undefined;
  return timer?.instance === instance && timer.wait === LOOK;
}

type Paused = NonNullable<JourneyInstance["paused"]>;

function pause(turn: Turn, instance: JourneyInstance, reason: string): void {
  const { now } = turn.context;
  const { wait } = instance;
  dropTimer(turn, instance);
  const paused: Paused = { reason, since: now };
  if (wait) paused.wait = { kind: wait.kind, remainingMs: Math.max(0, wait.dueAt - now) };
  replace(turn, without(instance, "wait", { status: "paused", paused }));
  const { journey, version, id } = instance;
  turn.entries.push({ kind: "journey-paused", journey, version, instance: id, reason });
}

function resume(turn: Turn, instance: JourneyInstance, paused: Paused, at: StepDefinition | undefined): void {
  const { paused: _paused, ...rest } = instance;
  const { journey, version, id } = instance;
  turn.entries.push({ kind: "journey-resumed", journey, version, instance: id, reason: paused.reason });
  // What was put off is asked again: its time was that of a quiet hour or a cap, which may be long over.
  if (!paused.wait || paused.wait.kind === "deferred") {
    replace(turn, { ...rest, status: "ready" });
    return;
  }
  // Another id than before: the old timer's cancellation may still be on its way.
  const wait = {
    id: `${instance.step}-${instance.steps}-${instance.deferrals}-${turn.context.applied}`,
    kind: paused.wait.kind,
    dueAt: turn.context.now + paused.wait.remainingMs,
  };
  // A branch that has ended meanwhile may be all that a parallel step waited for: it looks.
  const open = turn.context.journeys.filter((j) => j.parent === id).length;
  const ended = at?.type === "parallel" && open < at.branches.length;
  replace(turn, { ...rest, status: ended ? "ready" : "waiting", wait });
  setTimer(turn, id, wait.id, wait.dueAt);
}
