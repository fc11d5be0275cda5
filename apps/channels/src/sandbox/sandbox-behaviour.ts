/** What the sandbox's provider will do with an order: a pure function of seed, order and profile. */
import type { ResponseOutcome } from "#contracts";
import type { SendOrder } from "../provider.port.js";
import type { SandboxProfile } from "./sandbox-profile.js";
import { drawFor } from "./sandbox-random.js";

/**
 * Forced in tests and demonstrations: `reject`: refuses; `hang`: takes the order and never answers; `lost`: accepts,
 * and no receipt comes; `late`: the receipt comes after the waiting is over; `deliver`: nothing goes wrong.
 */
export const SANDBOX_FAULTS = ["reject", "hang", "lost", "late", "deliver"] as const;
export type SandboxFault = (typeof SANDBOX_FAULTS)[number];

export type Receipt =
  | { readonly status: "delivered"; readonly afterMs: number }
  | { readonly status: "rejected"; readonly reason: string; readonly afterMs: number };

/** All times in ms of Segue's time after the send. */
export interface Behaviour {
  readonly answer: "delivered" | "accepted" | "rejected" | "hang";
  readonly answerAfterMs: number;
  /** Of an accepted order. */
  readonly receipt?: Receipt;
  /** What the customer does, in order. */
  readonly responses: readonly { readonly kind: ResponseOutcome; readonly afterMs: number }[];
}

type Ordered = Pick<SendOrder, "commandId" | "attempt" | "channel" | "receiptTimeoutMs">;

export function behaviourOf(
  seed: string,
  order: Ordered,
  profile: SandboxProfile,
  fault?: SandboxFault,
): Behaviour {
  const draw = drawFor(seed, order.channel, order.commandId, order.attempt);
  const answerAfterMs = Math.min(draw.durationMs(profile.latency), order.receiptTimeoutMs);
  const refused = draw.chance(profile.reject);
  const fate = draw.next();
  const receiptDelayMs = profile.receipt === "none" ? 0 : draw.durationMs(profile.receipt);
  // Late means after the waiting is over, however long that is.
  const lateAfterMs = Math.round(order.receiptTimeoutMs * (1.2 + 1.8 * draw.next())) + 1;

  if (fault === "hang") return { answer: "hang", answerAfterMs, responses: [] };
  if (fault === "reject" || (refused && fault === undefined))
    return { answer: "rejected", answerAfterMs, responses: [] };
  const accepted = (receipt?: Receipt): Behaviour => ({
    answer: "accepted",
    answerAfterMs,
    ...(receipt ? { receipt } : {}),
    responses: receipt?.status === "delivered" ? responses(receipt.afterMs) : [],
  });
  const responses = (fromMs: number): Behaviour["responses"] => drawResponses(draw, profile, fromMs);
  if (fault === "lost") return accepted();
  if (fault === "late") return accepted({ status: "delivered", afterMs: lateAfterMs });
  const inTimeMs = answerAfterMs + receiptDelayMs;
  if (fault === "deliver") {
    if (profile.receipt === "none")
      return { answer: "delivered", answerAfterMs, responses: responses(answerAfterMs) };
    return accepted({ status: "delivered", afterMs: Math.min(inTimeMs, order.receiptTimeoutMs) });
  }
  const { lost, late, undelivered } = profile;
  if (fate < lost) return accepted();
  if (fate < lost + late) return accepted({ status: "delivered", afterMs: lateAfterMs });
  if (fate < lost + late + undelivered)
    return accepted({ status: "rejected", reason: "undelivered", afterMs: inTimeMs });
  if (profile.receipt === "none")
    return { answer: "delivered", answerAfterMs, responses: responses(answerAfterMs) };
  return accepted({ status: "delivered", afterMs: inTimeMs });
}

function drawResponses(
  draw: ReturnType<typeof drawFor>,
  profile: SandboxProfile,
  fromMs: number,
): Behaviour["responses"] {
  const out: { kind: ResponseOutcome; afterMs: number }[] = [];
  let afterMs = fromMs;
  const happens = (kind: ResponseOutcome, probability: number): boolean => {
    if (!draw.chance(probability)) return false;
    afterMs += draw.durationMs(profile.thinks);
    out.push({ kind, afterMs });
    return true;
  };
  if (profile.opened !== "skip" && !happens("opened", profile.opened)) return out;
  if (profile.clicked !== "skip" && !happens("clicked", profile.clicked)) return out;
  if (!happens("converted", profile.converted)) happens("declined", profile.declined);
  return out;
}
