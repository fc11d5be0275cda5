/** `npm run eval -- bank-marketing`. */
import { basename } from "node:path";
import { rateOf } from "../metrics/ranking.js";
import { emptyModel, learn, predict } from "#domain";
import type { Evaluation } from "../evaluation.js";
import { readContacts, type Contacts } from "./contacts.js";
import { contendersOf, PRIOR } from "./contenders.js";
import { figuresOf, forecastsOf } from "./evaluate.js";
import { plotsOf, reportText, type Scope } from "./report.js";

/** The first thousand rows are learnt only; of a short file, the first fifth. */
const LEARNT_ONLY = 1_000;

/** Throws BadFile. */
export function evaluateBankMarketing(
  file: string,
  scoreFrom: number | undefined,
  say: (text: string) => void,
): Evaluation {
  const read = readContacts(file);
  const { contacts } = read;
  const skipped =
    scoreFrom === undefined ? Math.min(LEARNT_ONLY, Math.floor(contacts.length / 5)) : scoreFrom - 1;
  let rate = 0;
  const figures = contendersOf(read).map((contender) => {
    say(contender.name);
    const scored = forecastsOf(contender, contacts).slice(skipped);
    rate = rateOf(scored);
    return figuresOf(contender.name, scored);
  });
  say("cost of a prediction");
  const scope: Scope = {
    file: basename(file),
    rows: contacts.length,
    scoredFrom: skipped + 1,
    rate,
    ...costOf(read),
  };
  return {
    text: reportText(scope, figures),
    plots: plotsOf(scope, figures),
    json: { evaluation: "bank-marketing", ...scope, contenders: figures },
  };
}

const LEARNT_FOR_COST = 2_000;
const PREDICTED_FOR_COST = 20_000;

/** CPU time of Segue's model, after some outcomes. */
function costOf({ contacts, features }: Contacts): Pick<Scope, "predictMicros" | "learnMicros"> {
  let state = emptyModel({ features, prior: PRIOR });
  const some = contacts.slice(0, LEARNT_FOR_COST);
  const learnMicros = cpuMicros(some.length, (i) => {
    const { features, label, at } = some[i]!;
    state = learn(state, features, label, at);
  });
  const predictMicros = cpuMicros(PREDICTED_FOR_COST, (i) => predict(state, some[i % some.length]!.features));
  return { predictMicros, learnMicros };
}

/** CPU microseconds of one turn, on average. */
function cpuMicros(turns: number, turn: (i: number) => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < turns; i++) turn(i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / turns;
}
