/** From a body to a question that can be asked. Pure; refusals are problems, the same ones as of `POST /v1/events`. */
import { DEFAULT_DEADLINE_MS, MAX_DEADLINE_MS, MIN_DEADLINE_MS } from "#contracts";
import { checkEvent, PROBLEM_OF, type CheckedEvent, type EventLimits } from "../events/event-check.js";
import { ProblemError } from "../problem.js";

/** CloudEvents extension attribute: names are lower-case letters and digits. */
const EXTENSION = "deadlinems";

/** `deadline`: the query parameter, which goes before the extension attribute. Throws a problem. */
export function readMoment(
  envelope: unknown,
  deadline: unknown,
  limits: EventLimits,
): { readonly event: CheckedEvent; readonly deadlineMs: number } {
  const check = checkEvent(envelope, "", limits);
  if (check.kind === "refused") {
    const { errors } = check;
    throw new ProblemError(
      PROBLEM_OF[errors[0]!.code],
      `Nothing was asked: ${errors.length === 1 ? "1 fault" : `${errors.length} faults`}, see errors.`,
      { errors },
    );
  }
  return {
    event: check.event,
    deadlineMs: deadlineOf(deadline ?? (envelope as Record<string, unknown>)[EXTENSION]),
  };
}

function deadlineOf(given: unknown): number {
  if (given === undefined) return DEFAULT_DEADLINE_MS;
  const ms = typeof given === "string" && /^\d{1,6}$/.test(given) ? Number(given) : given;
  if (typeof ms === "number" && Number.isInteger(ms) && ms >= MIN_DEADLINE_MS && ms <= MAX_DEADLINE_MS)
    return ms;
  throw new ProblemError(
    "invalid-request",
    `The deadline (query parameter deadlineMs, or extension attribute ${EXTENSION}) is a whole number of milliseconds from ${MIN_DEADLINE_MS} to ${MAX_DEADLINE_MS}.`,
  );
}
