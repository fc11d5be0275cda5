/** A decision in plain words: what was asked, what left the funnel where, what the policy said, what came out. */
import { factorsInWords, listed, rounded } from "#audit";
import type { DecisionRecord, Explanation, Verdict } from "#contracts";
import { isoTime, words } from "../customers/readable.js";

/** One paragraph. Deterministic: the same record reads the same. */
export function decisionSummary(record: DecisionRecord): string {
  const { request, explanations, verdicts } = record;
  const { journey, moment } = request;
  const candidates = explanations.reduce((n, e) => n + 1 + (e.alike?.length ?? 0), 0);
  const asked =
    `At ${isoTime(request.at)} journey ${journey.id} (version ${journey.version}, step ${journey.step}) asked what to do ` +
    `about ${moment.type}, with ${counted(candidates, "candidate")}.`;
  return [
    asked,
    ...explanations.filter((e) => e.stage !== "chosen").map(left),
    ...policySaid(verdicts),
    outcome(record),
  ].join(" ");
}

function left(e: Explanation): string {
  const score = e.score === undefined ? "" : `, with a score of ${rounded(e.score)}`;
  const others = e.alike && e.alike.length > 0 ? ` and ${counted(e.alike.length, "other")}` : "";
  return `${e.action}${others} left at ${e.stage}${score}: ${words(e.reason)}.`;
}

function policySaid(verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return [];
  const said = verdicts.map((v) => {
    const why = v.verdict === "permitted" ? "" : ` (${words(v.reason)}${v.rule ? `, rule ${v.rule}` : ""})`;
    const until = v.until === undefined ? "" : ` until ${isoTime(v.until)}`;
    return `${listed(v.actions)} over ${v.channel} ${v.verdict}${until}${why}`;
  });
  return [`The policy said: ${said.join("; ")}.`];
}

function outcome({ reply, explanations }: DecisionRecord): string {
  switch (reply.kind) {
    case "act": {
      const [first, ...rest] = reply.plan.map((leg) => leg.channel);
      const chosen = explanations.find((e) => e.stage === "chosen" && e.action === reply.action);
      const factors = factorsInWords(chosen?.factors ?? {});
      const score =
        chosen?.score === undefined
          ? ""
          : `, score ${rounded(chosen.score)}${factors === "" ? "" : ` (${factors})`}`;
      const fallback = rest.length > 0 ? `, else over ${rest.join(", ")}` : "";
      return `Decided: ${reply.action} (${reply.purpose}) over ${first}${fallback}${score}; ${words(reply.reason)}.`;
    }
    case "defer":
      return `Decided: wait until ${isoTime(reply.until)}; ${words(reply.reason)}.`;
    case "none":
      return `Decided: say nothing; ${words(reply.reason)}.`;
    default: {
      const never: never = reply;
      throw new Error(`unhandled reply: ${JSON.stringify(never)}`);
    }
  }
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
