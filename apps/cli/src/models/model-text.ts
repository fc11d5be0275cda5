/** What models have learned, in lines for people. */
import { styleText } from "node:util";
import type { ModelDefinition, ModelPosition } from "#contracts";
import { performanceOf, together, weightsOf, type Arm, type Performance } from "#domain";
import { textTable } from "#plot";

const TOP = 5;

export interface ListedModel extends Performance {
  readonly id: string;
  readonly version: number;
  readonly drifts: number;
}

/** The list, a line each. */
export function listText(models: readonly ListedModel[]): string {
  const head = ["model", "learned", "successes", "rate", "AUC", "log-loss (rate)", "calibration", "drift"];
  const [first, ...lines] = textTable(head, models.map(cells)).split("\n");
  return [styleText("dim", first!), ...lines].join("\n");
}

function cells(model: ListedModel): string[] {
  const { id, version, outcomes, successes, drifts } = model;
  return [
    `${id}@${version}`,
    String(outcomes),
    String(successes),
    outcomes === 0 ? "" : percent(successes / outcomes),
    figure(model.auc),
    losses(model),
    model.calibrationError === undefined ? "" : percent(model.calibrationError),
    String(drifts),
  ];
}

/** One arm for programs. */
export function reportOf(arm: Arm): object {
  const { action, channel, learned, successes, upTo, prior, watch, state } = arm;
  return {
    action,
    channel,
    learned,
    successes,
    upTo,
    prior,
    performance: performanceOf(watch),
    weights: weightsOf(state).slice(0, TOP),
    drift: state.drift.found,
  };
}

/** What is said of a model before its arms. */
export function modelLines(
  { id, version, description, success, horizon }: ModelDefinition,
  position: ModelPosition | undefined,
  arms: readonly Arm[],
): string[] {
  const all = performanceOf(together(arms.map((a) => a.watch)));
  const lines = [
    `${styleText("bold", `${id}@${version}`)}  ${description.trim()}`,
    `a success is ${success.join(" or ")} within ${horizon} of the order`,
  ];
  if (!position) return [...lines, "nothing is settled yet"];
  lines.push(
    `${position.learned} orders learned of, ${position.unseen} not known to have been seen` +
      (position.unreadable > 0 ? `, ${position.unreadable} messages of the audit could not be read` : ""),
  );
  if (all.auc !== undefined) lines.push(`over all AUC ${figure(all.auc)}, log-loss ${losses(all)}`);
  return lines;
}

/** One arm for people. */
export function armLines(arm: Arm): string[] {
  const { action, channel, learned, successes, prior, watch, state } = arm;
  const p = performanceOf(watch);
  const lines = [
    "",
    `${styleText("bold", `${action} on ${channel}`)}  version ${learned}: ${successes} of ${learned} succeeded (${percent(successes / learned)}; began at ${percent(prior.propensity)})`,
  ];
  if (p.auc !== undefined) lines.push(`  AUC ${figure(p.auc)}, log-loss ${losses(p)}`);
  if (p.calibration.length > 0)
    lines.push(
      `  foretold → came: ${p.calibration.map((g) => `${percent(g.forecast)} → ${percent(g.rate)} (${g.outcomes})`).join(", ")}`,
    );
  const weights = weightsOf(state).slice(0, TOP);
  if (weights.length > 0)
    lines.push(`  matters most: ${weights.map((w) => `${w.feature} ${signed(w.weight)}`).join(", ")}`);
  for (const { feature, value, direction, outcomes } of state.drift.found)
    lines.push(
      styleText(
        "yellow",
        `  drift at ${outcomes}: ${value === undefined ? feature : `${feature} = ${value}`} ${direction === "up" ? "raises" : "lowers"} the response against what was learned`,
      ),
    );
  return lines;
}

const figure = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(3));
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

function losses({ logLoss, plainLogLoss }: Performance): string {
  return logLoss === undefined ? "" : `${figure(logLoss)} (${figure(plainLogLoss)})`;
}
