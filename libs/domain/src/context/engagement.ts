/**
 * How the customer took what was said, folded from outcomes, holds and contacts that other systems report. Bounded: the last
 * fact per kind, purpose and debt, of these the newest; and one run of ignored contacts per purpose.
 *
 * A conversation is what another system reports as one, or an agent's case that the customer answered: accepted, declined,
 * or closed with the reason `conversation`.
 */
import {
  isContact,
  MAX_ENGAGEMENTS,
  type Contact,
  type ContactReported,
  type CoolsDown,
  type Engagement,
  type Outcome,
  type Purpose,
} from "#contracts";

type Fact = NonNullable<Engagement["last"]>[number];

/** `at`: when it happened, epoch ms. The same object when nothing changes. */
export function afterOutcome(
  before: Engagement,
  { kind, channel, reason }: Pick<Outcome, "kind" | "channel" | "reason">,
  { purpose, debt }: Pick<Contact, "purpose" | "debt">,
  at: number,
): Engagement {
  const fact = (what: CoolsDown): Fact => ({ what, purpose, ...(debt === undefined ? {} : { debt }), at });
  switch (kind) {
    case "delivered": {
      const talked = channel === "agent" && reason === "conversation";
      if (talked) return withFact(before, fact("conversation"));
      return isContact(channel) ? oneMoreIgnored(before, purpose, at) : before;
    }
    case "opened":
    case "clicked":
      return responded(before, purpose);
    case "converted":
    case "declined": {
      const next = withFact(
        responded(before, purpose),
        fact(kind === "converted" ? "conversion" : "refusal"),
      );
      return channel === "agent" ? withFact(next, fact("conversation")) : next;
    }
    case "failed":
    case "expired":
    case "suppressed":
    case "unknown":
      return before;
  }
}

/** After a contact that another system reports. */
export function afterReported(
  before: Engagement,
  { kind, purpose, about }: ContactReported,
  at: number,
): Engagement {
  if (kind !== "conversation") return before;
  const debt = about?.debt;
  return withFact(responded(before, purpose), {
    what: "conversation",
    purpose,
    ...(debt === undefined ? {} : { debt }),
    at,
  });
}

/** After a hold for a complaint was placed. */
export function afterComplaint(before: Engagement, at: number): Engagement {
  return withFact(before, { what: "complaint", at });
}

function withFact(before: Engagement, fact: Fact): Engagement {
  const others: Fact[] = [];
  for (const f of before.last ?? []) {
    if (f.what !== fact.what || f.purpose !== fact.purpose || f.debt !== fact.debt) others.push(f);
    // One that comes late, from before what is known.
    else if (f.at >= fact.at) return before;
  }
  const last = [...others, fact].sort((a, b) => a.at - b.at).slice(-MAX_ENGAGEMENTS);
  return { last, ...(before.ignored ? { ignored: before.ignored } : {}) };
}

function oneMoreIgnored(before: Engagement, purpose: Purpose, at: number): Engagement {
  const run = before.ignored?.[purpose];
  const longer = { n: (run?.n ?? 0) + 1, last: Math.max(run?.last ?? 0, at) };
  return { ...(before.last ? { last: before.last } : {}), ignored: { ...before.ignored, [purpose]: longer } };
}

function responded(before: Engagement, purpose: Purpose): Engagement {
  if (!before.ignored?.[purpose]) return before;
  const { [purpose]: _over, ...others } = before.ignored;
  return {
    ...(before.last ? { last: before.last } : {}),
    ...(Object.keys(others).length > 0 ? { ignored: others } : {}),
  };
}
