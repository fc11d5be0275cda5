/**
 * What the callers of moments are told by the actor: that there is nothing for them. Said once the turn is committed, and
 * only of turns that order nothing for the caller: what they do order is told by the in-app channel, after the gate (I5).
 */
import type { CallerWaits } from "#contracts";
import type { Turn } from "#domain";

export interface Callers {
  /** Best effort: the gateway answers by the deadline all the same. */
  tellNothing(replyTo: string, reason: string): void;
}

export class AnswersToMoments {
  readonly #nothing: Array<{ readonly replyTo: string; readonly reason: string }> = [];

  constructor(private readonly callers: Callers) {}

  /** Of a turn that has run to its end. */
  of(caller: CallerWaits, { intents, entries }: Pick<Turn, "intents" | "entries">): void {
    if (intents.some((i) => i.kind === "command" && i.command.replyTo !== undefined)) return;
    const decided = entries.findLast((e) => e.kind === "decision");
    this.none(
      caller,
      decided === undefined ? "none" : decided.answer === "act" ? "elsewhere" : decided.reason,
    );
  }

  none({ replyTo, over }: CallerWaits, reason: string): void {
    if (!over) this.#nothing.push({ replyTo, reason });
  }

  /** After the commit. */
  send(): void {
    for (const { replyTo, reason } of this.#nothing) this.callers.tellNothing(replyTo, reason);
  }
}
