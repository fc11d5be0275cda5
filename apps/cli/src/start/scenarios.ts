/** The scenarios within a start: which, played on what runs, and shown. */
import { didYouMean, loadExperiments } from "#definitions";
import { isControl } from "#domain";
import {
  customerIdIn,
  differences,
  play,
  readScenarios,
  scenarioLine,
  storyLines,
  type Played,
  type Scenario,
} from "../scenario/index.js";
import type { Installation } from "./installation.js";
import type { Screen } from "./screen.js";
import type { StopSignal } from "./stop-signal.js";
import type { Style } from "./text.js";

const DIR = "scenarios";
const WIDEST = 120;
/** Some of its customers are in a control group whatever it is called, where the groups are large. */
const MOST_RUN_NAMES = 10_000;

export interface Stage {
  readonly installation: Installation;
  readonly screen: Screen;
  readonly s: Style;
  readonly stop: StopSignal;
}

/** The scenario of that name, or `all`; none when there is no such. */
export function chosenScenarios(which: string): readonly Scenario[] {
  const all = readScenarios(DIR);
  if (which === "all") return [...all.values()];
  const one = all.get(which);
  return one ? [one] : [];
}

export function noSuchScenario(name: string): string {
  const known = [...readScenarios(DIR).keys()];
  const meant = didYouMean(name, known);
  return `there is no scenario ${JSON.stringify(name)}${meant ? `: ${meant}` : ""}\nuse one of ${known.join(", ")}, or all`;
}

/** Plays them side by side; answers whether everything came as it must. `story`: step by step; `lines`: a line each. */
export async function playScenarios(
  { installation, screen, s, stop }: Stage,
  scenarios: readonly Scenario[],
  how: "story" | "lines",
): Promise<boolean> {
  const run = runWithoutControls(scenarios);
  if (how === "lines") screen.say(` ${s.bold("The five moments")}, played from scenarios/*.yaml`);
  let good = true;
  const { nc, gatewayUrl } = installation;
  const played = scenarios.map((scenario) => tried(play(scenario, { nc, gatewayUrl, run })));
  for (const [i, scenario] of scenarios.entries()) {
    const result = await played[i]!;
    if (stop.signal.aborted) return false;
    if (result instanceof Error) {
      good = false;
      screen.say(` ${s.bad("✘")} ${scenario.id}: ${result.message}`);
      continue;
    }
    good &&= result.every((one) => differences(one).length === 0);
    if (how === "story") screen.say(...storyLines(scenario, result, s, Math.min(WIDEST, screen.columns)));
    else screen.say(scenarioLine(scenario, result, s));
  }
  if (how === "lines") screen.say(s.dim(" step by step: npm start -- --scenario <name>, or all"), "");
  return good;
}

/** Names a run whose customers are in no control group: what a scenario shows is what everybody else gets. */
function runWithoutControls(scenarios: readonly Scenario[]): string {
  const experiments = loadExperiments(".");
  const now = Date.now();
  let run = now.toString(36);
  for (let i = 0; i < MOST_RUN_NAMES; i++) {
    run = (now + i).toString(36);
    const customers = scenarios.flatMap((s) =>
      Object.keys(s.customers).map((name) => customerIdIn(s, name, run)),
    );
    if (!customers.some((customer) => experiments.some((e) => isControl(customer, e)))) break;
  }
  return run;
}

async function tried(played: Promise<readonly Played[]>): Promise<readonly Played[] | Error> {
  try {
    return await played;
  } catch (error) {
    return error as Error;
  }
}
