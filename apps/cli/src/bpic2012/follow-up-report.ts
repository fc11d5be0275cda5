/** The numbers of a follow-up as text for a terminal, and as plots. */
import { chartSvg } from "#plot";
import { MARKS, type FollowUp } from "./follow-up.js";

const number = (n: number): string => n.toLocaleString("en-US");
const percent = (n: number, of: number): string => (of === 0 ? "–" : `${((100 * n) / of).toFixed(1)} %`);

export function followUpText(f: FollowUp, journey: string): string {
  const { happened: h, wouldHave: w, offers: o } = f;
  const line = (name: string, value: string | number): string =>
    `  ${name.padEnd(58)}${typeof value === "number" ? number(value) : value}`;
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  return [
    `${number(f.cases)} loan applications, ${day(f.from)} to ${day(f.to)}, through ${journey}`,
    "",
    "What happened",
    line("approved", `${number(h.ends.approved)} (${percent(h.ends.approved, f.cases)})`),
    line("declined", `${number(h.ends.declined)} (${percent(h.ends.declined, f.cases)})`),
    line("cancelled", `${number(h.ends.cancelled)} (${percent(h.ends.cancelled, f.cases)})`),
    line("with an offer", `${number(h.casesWithOffer)} (${number(h.offers)} offers)`),
    line(
      "offer sent back",
      `${number(h.casesReturned)} (${percent(h.casesReturned, h.casesWithOffer)} of those)`,
    ),
    line("median days from offer to return", h.medianDaysToReturn),
    line(
      "calls about offers, after the day's talk",
      `${number(h.offerCalls)}; the first after ${h.medianDaysToFirstCall} days (median)`,
    ),
    line(
      "calls about missing papers",
      `${number(h.paperCalls)} in cases where they were missing: ${number(h.casesWithPapersMissing)}`,
    ),
    "",
    "What the journey would have ordered",
    ...Object.entries(w.commands)
      .sort(([, a], [, b]) => b.commands - a.commands)
      .map(([action, { commands, cases }]) => line(action, `${number(commands)} in ${number(cases)} cases`)),
    ...Object.entries(w.channels).map(([channel, n]) => line(`on ${channel}`, n)),
    line("after the application had ended", w.afterTheEnd),
    ...Object.entries(w.decisionsRefused).map(([reason, n]) => line(`not said at once: ${reason}`, n)),
    "",
    "Offers",
    line(
      "sent back before a reminder was due",
      `${number(o.returnedBeforeReminder)} (${percent(o.returnedBeforeReminder, h.casesWithOffer)})`,
    ),
    line("ended without being sent back before a reminder was due", o.endedBeforeReminder),
    line(
      "reminded",
      `${number(o.reminded)} (${percent(o.reminded, h.casesWithOffer)}), ${w.medianDaysToReminder} days after the offer (median)`,
    ),
    ...Object.entries(o.remindedThen).map(([then, n]) =>
      line(`  of these, then ${then}`, `${number(n)} (${percent(n, o.reminded)})`),
    ),
    line(
      "  the bank had called them before",
      `${number(o.calledBeforeReminder)}, with ${number(o.callsBeforeReminder)} calls`,
    ),
    line("  the bank called them only later", o.calledAfterReminder),
    line("  the bank never called them", o.neverCalled),
    line("handed to an agent to call", o.journeyCalls),
    "",
    "Calls about an open offer that were followed by its return within 3 days",
    ...f.perCall.map((c) =>
      line(`call ${c.n}`, `${number(c.returned)} of ${number(c.calls)} (${percent(c.returned, c.calls)})`),
    ),
    "",
  ].join("\n");
}

/** File name → SVG. */
export function followUpPlots(f: FollowUp): Readonly<Record<string, string>> {
  const subtitle = `${number(f.happened.casesWithOffer)} applications with an offer, BPI Challenge 2012`;
  const inPercent = (shares: readonly number[]): number[] => shares.map((s) => Math.round(1_000 * s) / 10);
  const counts = Object.entries(f.wouldHave.contactsPerCase);
  return {
    "offer-days.svg": chartSvg({
      title: "After the offer",
      subtitle,
      x: "days after the first offer",
      y: "share of applications, %",
      categories: MARKS.map(String),
      kind: "line",
      pointLabels: false,
      top: 100,
      series: [
        { name: "sent back (real)", values: inPercent(f.byDay.returned) },
        { name: "first call (real)", values: inPercent(f.byDay.called) },
        { name: "reminder (journey)", values: inPercent(f.byDay.reminded) },
        { name: "agent (journey)", values: inPercent(f.byDay.handedToAgent) },
      ],
    }),
    "calls.svg": chartSvg({
      title: "What followed each call",
      subtitle: "calls about an offer that was still open; share followed by its return within 3 days",
      x: "which call",
      y: "share, %",
      categories: f.perCall.map((c) => `${c.n} (${number(c.calls)} calls)`),
      kind: "grouped",
      series: [
        {
          name: "sent back",
          values: f.perCall.map((c) => (c.calls === 0 ? undefined : (100 * c.returned) / c.calls)),
        },
      ],
    }),
    "contacts.svg": chartSvg({
      title: "Messages per application",
      subtitle: `what the journey would have sent, ${number(f.cases)} applications`,
      x: "messages",
      y: "applications",
      categories: counts.map(([n]) => n),
      kind: "grouped",
      series: [{ name: "applications", values: counts.map(([, n]) => n) }],
    }),
  };
}
