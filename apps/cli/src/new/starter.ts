/** The journey that `segue new` writes. */
import { isContact, PURPOSES, type ActionDefinition, type Purpose } from "#contracts";

export interface StarterParts {
  readonly id: string;
  readonly purpose: Purpose;
  /** The event type that starts it. */
  readonly event: string;
  readonly action: string;
  /** Where editors find the schema, relative to the file. */
  readonly schema: string | undefined;
}

export function isPurpose(text: string): text is Purpose {
  return (PURPOSES as readonly string[]).includes(text);
}

/**
 * Of the actions of this purpose the one that can contact the customer on most channels; of several the one with the
 * fewest conditions, so that the first simulation of a draft shows somebody whom it speaks to; then the first.
 */
export function starterAction(
  actions: readonly ActionDefinition[],
  purpose: Purpose,
): ActionDefinition | undefined {
  const contacts = (a: ActionDefinition): number => a.treatments.filter((t) => isContact(t.channel)).length;
  const conditions = (a: ActionDefinition): number =>
    [a.eligibility, a.applicability, a.suitability].filter((c) => c !== undefined).length;
  return actions
    .filter((a) => a.purpose === purpose && contacts(a) > 0)
    .sort((a, b) => contacts(b) - contacts(a) || conditions(a) - conditions(b))[0];
}

/** The text of the file: valid as it is, with a comment at every part. */
export function starter({ id, purpose, event, action, schema }: StarterParts): string {
  return `${schema === undefined ? "" : `# yaml-language-server: $schema=${schema}\n`}kind: Journey
id: ${id}
# Published versions never change: raise this number with every change that you publish.
version: 1
description: >-
  Say in one or two sentences what starts this journey, what it wants, and when it is silent.
# Why the customer is contacted. Consents, quiet hours and caps go by it.
purpose: ${purpose}

# What starts it: an event (events/ lists them), and a condition in CEL. A field that may be missing is guarded by has(…).
trigger:
  event: ${event}
  when: has(event.data.amountMinor) && event.data.amountMinor >= 50000 * 100

# How often one customer may enter: once | once-per (period) | after-exit | per-key (side by side, one per value).
entry:
  rule: once-per
  period: 90d

# At most so many contacts of this journey in any such period; the caps of policies/ hold as well.
cap:
  contacts: 2
  period: 30d

# Events that end it at once, from any step.
exitOn:
  - event: hold.placed
    reason: hold-placed

# The steps. It begins at the first one; each says where to go next, there is no falling through to the one below.
steps:
  # Says one action of the catalogue, if policies, consents and caps let it. otherwise: what if not?
  - id: tell
    type: send
    action: ${action}
    next: answer
    otherwise: not-told

  # Waits for what becomes of it, or for another event; never without a limit.
  - id: answer
    type: wait
    for:
      - outcome: [clicked, converted]
        goto: interested
      - outcome: [declined]
        goto: declined
    atMost: 3d
    onTimeout: no-answer

  # Every end has its reason, which reports count.
  - id: interested
    type: exit
    reason: interested
  - id: declined
    type: exit
    reason: declined
  - id: no-answer
    type: exit
    reason: no-answer
  - id: not-told
    type: exit
    reason: not-told
`;
}
