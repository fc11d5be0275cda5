/** The live view of a replay: a pure function from figures to lines, and one line of it where there is no terminal. */
import { ranked, sum, type FeedLine, type Tally } from "./tally.js";
import { channelTable } from "./summary.js";
import {
  bar,
  count,
  counted,
  dayOf,
  elapsed,
  fit,
  left,
  list,
  milliseconds,
  right,
  type Style,
} from "./text.js";

export interface PanelView {
  readonly elapsedMs: number;
  readonly speed: number;
  /** The replay's time, epoch ms. */
  readonly time: number;
  readonly startTime: number;
  readonly endTime: number;
  readonly published: number;
  /** Events of this part. */
  readonly events: number;
  readonly perSecond: number;
  /** How much later than due events leave, ms. */
  readonly lagMs: number;
  /** Once all is published: what is not handled yet. */
  readonly waitingFor: readonly string[] | undefined;
  readonly tally: Tally;
  /** Troubles of the services, the last ones. */
  readonly notices: readonly string[];
}

const DAY_MS = 86_400_000;
const LAG_SHOWN_MS = 1_000;

export function panelLines(v: PanelView, s: Style, columns: number, rows = 40): readonly string[] {
  const cols = Math.max(60, Math.min(columns, 100));
  const { tally } = v;
  const share = v.endTime > v.startTime ? (v.time - v.startTime) / (v.endTime - v.startTime) : 1;
  const days = (v.endTime - v.startTime) / DAY_MS;
  const title = ` ${s.bold("segue")} ${s.dim("· real transactions, replayed at")} ${v.speed} ${s.dim("days per second")}`;
  const { done, open } = bar(share, cols - 26);
  const percent = right(`${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`, 6);
  const events = `${s.bold(count(v.published))} ${s.dim(`of ${count(v.events)}`)}  ${count(v.perSecond)}/s`;
  const latency = `event → command p50 ${s.bold(milliseconds(tally.latencies.percentile(0.5)))}  p99 ${s.bold(milliseconds(tally.latencies.percentile(0.99)))}`;
  const lag = v.lagMs >= LAG_SHOWN_MS ? s.warn(`  ${milliseconds(v.lagMs)} behind`) : "";
  const label = (text: string): string => ` ${left(s.dim(text), 12)}`;
  const answers = ["act", "defer", "none", "unavailable"].flatMap((a) => {
    const n = tally.answers.get(a);
    return n ? [`${count(n)} ${a}`] : [];
  });
  const room = cols - 14;
  // What is left of the screen goes to the two feeds, decisions first.
  const used = 17 + tally.channels.size + v.notices.length;
  const feedRows = Math.max(4, Math.min(12, rows - used));
  const decisionRows = Math.min(8, Math.ceil(feedRows * 0.6));
  const lines = [
    title + right(s.dim(elapsed(v.elapsedMs)), Math.max(1, cols - 46 - String(v.speed).length)),
    ` ${s.accent(done)}${s.dim(open)}${percent}  ${s.bold(dayOf(v.time))}`,
    ` ${s.dim(`${dayOf(v.startTime)} to ${dayOf(v.endTime)}, ${counted(Math.round(days), "day")}${waiting(v)}`)}`,
    "",
    `${label("events")}${events}${lag}`,
    `${label("latency")}${latency}`,
    `${label("journeys")}${count(tally.journeys.entered)} entered · ${counted(tally.journeys.goals, "goal")} · ${count(tally.journeys.exited)} exited${deadLetters(tally, s)}`,
    "",
    `${label("decisions")}${s.bold(count(sum(tally.answers)))}  ${answers.join(" · ")}`,
    ...feedLines(tally.decisionFeed, decisionRows, s, cols),
    "",
    ...channelTable(tally, s),
    `${label("responses")}${list(
      ["opened", "clicked", "converted", "declined"].map((k) => `${count(tally.outcomes.get(k) ?? 0)} ${k}`),
      room,
    )}`,
    "",
    `${label("stopped")}${s.bold(count(tally.stoppedDecisions))}  ${list(
      ranked(tally.stops).map(([reason, n]) => `${reason} ${count(n)}`),
      room - 8,
    )}`,
    ...feedLines(tally.stopFeed, feedRows - decisionRows, s, cols),
    ...v.notices.map((n) => ` ${s.warn(fit(n, cols - 2))}`),
  ];
  return lines.slice(0, Math.max(10, rows - 1));
}

function waiting(v: PanelView): string {
  if (v.waitingFor === undefined) return "";
  return v.waitingFor.length === 0 ? " · all published" : ` · all published; still ${v.waitingFor[0]}`;
}

function deadLetters(tally: Tally, s: Style): string {
  const n = sum(tally.deadLetters);
  return n === 0 ? "" : ` · ${s.warn(counted(n, "dead letter"))}`;
}

function feedLines(feed: readonly FeedLine[], rows: number, s: Style, columns: number): readonly string[] {
  const shown = feed.slice(-rows);
  const lines = shown.map((line) => {
    const what = left(line.what, 12);
    const text = left(fit(line.text, 34), 35);
    const reason = fit(line.reason, Math.max(0, columns - 2 - 11 - 12 - 35));
    return `  ${s.dim(dayOf(line.at))} ${tone(line, s)(what)}${text}${s.dim(reason)}`;
  });
  // The panel keeps its height while a feed fills up.
  return [...lines, ...Array.from({ length: rows - lines.length }, () => "")];
}

function tone(line: FeedLine, s: Style): (text: string) => string {
  if (line.what === "act") return s.good;
  if (line.what === "none") return s.dim;
  return line.what === "dead" || line.what === "unavailable" ? s.bad : s.warn;
}

/** One line for a log or a pipe. */
export function plainLine(v: PanelView): string {
  const { tally } = v;
  const parts = [
    dayOf(v.time),
    `${count(v.published)}/${count(v.events)} events`,
    `${count(v.perSecond)}/s`,
    `${counted(sum(tally.answers), "decision")}`,
    `${counted(tally.commands, "command")}`,
    `${counted(tally.outcomes.get("delivered") ?? 0, "delivered", "delivered")}`,
    `${counted(tally.stoppedDecisions, "stopped by policy", "stopped by policy")}`,
    `p50 ${milliseconds(tally.latencies.percentile(0.5))} p99 ${milliseconds(tally.latencies.percentile(0.99))}`,
  ];
  const last = tally.decisionFeed.at(-1);
  return `${parts.join(" · ")}${last ? ` · last: ${last.what} ${last.text}, ${last.reason}` : ""}${waiting(v)}`;
}
