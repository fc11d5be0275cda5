/** `npm run eval -- bank-marketing`. */
import { basename } from "node:path";
import { rateOf } from "../metrics/ranking.js";
import type { Evaluation } from "../evaluation.js";
import { readContacts } from "./contacts.js";
import { contendersOf } from "./contenders.js";
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
  const scope: Scope = { file: basename(file), rows: contacts.length, scoredFrom: skipped + 1, rate };
  return {
    text: reportText(scope, figures),
    plots: plotsOf(scope, figures),
    json: { evaluation: "bank-marketing", ...scope, contenders: figures },
  };
}
