/** How events are folded into an indexed profile: each CloudEvent once, as in the context. */
import { applyProfileEvent, wordOf, type ReplyWord } from "#domain";
import type { IndexedProfile } from "./policy-index.store.js";
import type { StoredEvent } from "./stored-events.reader.js";

const CHANGING: readonly (ReplyWord | undefined)[] = ["stop", "start"];

/** Profile events whose keys are remembered per customer; the context remembers 128 events of all types. */
const SEEN = 32;

/**
 * Folds one event, and remembers it. The context drops an event that was published twice, also minutes apart;
 * the index must too, or a repeated consent would undo a later opt-out. Undefined when it was seen before.
 */
export function foldEvent(now: IndexedProfile, event: StoredEvent): IndexedProfile | undefined {
  // Most replies say nothing of consent: those that do are not to be forgotten for them.
  if (event.type.startsWith("message.") && !CHANGING.includes(wordOf(event))) return undefined;
  const seen = now.seen === "" ? [] : now.seen.split(",");
  if (seen.includes(event.key)) return undefined;
  return {
    profile: applyProfileEvent(now.profile, event).profile,
    seen: [...seen, event.key].slice(-SEEN).join(","),
  };
}
