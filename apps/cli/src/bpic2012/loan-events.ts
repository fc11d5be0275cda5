/**
 * A case as the events of one customer, in the names that journeys listen to. The registration (time zone, consent to service
 * messages) is made up, because the data has nothing of the kind; everything else happened, at its time.
 */
import type { CloudEvent } from "#contracts";
import type { LoanCase } from "./loan-cases.js";

const SOURCE = "bpic2012";
const SCRIPTED = "scripted";

export function customerOfCase(id: string): string {
  return `loan-${id}`;
}

/** In order of time, the registration first. */
export function loanEvents(c: LoanCase): readonly CloudEvent[] {
  const events: { at: number; type: string; data: Record<string, unknown> }[] = [];
  const tell = (at: number, type: string, data: Record<string, unknown> = {}): void =>
    void events.push({ at, type, data: { applicationId: c.id, ...data } });
  tell(c.submittedAt, "loan.application.submitted", {
    amountMinor: Math.round(c.amountEur * 100),
    currency: "EUR",
  });
  for (const at of c.offersAt) tell(at, "loan.offer.sent");
  for (const at of c.returnedAt) tell(at, "loan.offer.returned");
  for (const at of c.papersMissingAt) tell(at, "loan.papers.missing");
  for (const call of c.calls) tell(call.to, "call.made", { about: call.about });
  if (c.endedAt !== undefined && c.end !== "open") tell(c.endedAt, `loan.application.${c.end}`);
  const envelope = (source: string, id: string, type: string, at: number, data: object): CloudEvent => ({
    specversion: "1.0",
    id,
    source,
    type,
    subject: customerOfCase(c.id),
    time: new Date(at).toISOString(),
    data: { ...data },
  });
  return [
    envelope(SCRIPTED, `r-${c.id}`, "customer.registered", c.submittedAt - 60_000, {
      timezone: "Europe/Amsterdam",
      language: "nl",
      consents: [{ purpose: "service", channel: "*", granted: true, evidence: "synthetic" }],
    }),
    ...events
      .sort((a, b) => a.at - b.at)
      .map((e, i) => envelope(SOURCE, `${c.id}-${i}`, e.type, e.at, e.data)),
  ];
}
