/** Predict, then learn, over the rows in order of time; the figures of every contender. */
import {
  calibrationError,
  calibrationErrorByGroup,
  logLoss,
  reliability,
  type ReliabilityBin,
} from "../metrics/calibration.js";
import { byGroup, type Forecast } from "../metrics/forecast.js";
import { aucOf, aucWithin, liftByDecile, liftWithin, rateOf, type WithinGroups } from "../metrics/ranking.js";
import type { Contact } from "./contacts.js";
import type { Contender } from "./contenders.js";

export interface Figures {
  readonly name: string;
  readonly logLoss: number;
  readonly auc: number | undefined;
  readonly within: WithinGroups;
  readonly calibrationError: number;
  readonly calibrationErrorByMonth: number;
  readonly reliability: readonly ReliabilityBin[];
  readonly lift: readonly number[];
  readonly liftWithin: number;
  readonly months: readonly MonthFigures[];
}

export interface MonthFigures {
  readonly month: string;
  readonly contacts: number;
  readonly rate: number;
  readonly stated: number;
  readonly logLoss: number;
  readonly auc: number | undefined;
}

/** What a contender stated for every contact before it learnt what came of it. */
export function forecastsOf(contender: Contender, contacts: readonly Contact[]): Forecast[] {
  const forecaster = contender.start();
  return contacts.map((contact) => {
    const p = forecaster.predict(contact);
    forecaster.learn(contact);
    return { p, label: contact.label, group: contact.month };
  });
}

/** The figures of one forecaster over all its forecasts. Log-loss is in nats per outcome. */
export function figuresOf(name: string, forecasts: readonly Forecast[]): Figures {
  return {
    name,
    logLoss: logLoss(forecasts),
    auc: aucOf(forecasts).auc,
    within: aucWithin(forecasts),
    calibrationError: calibrationError(forecasts),
    calibrationErrorByMonth: calibrationErrorByGroup(forecasts),
    reliability: reliability(forecasts),
    lift: liftByDecile(forecasts),
    liftWithin: liftWithin(forecasts),
    months: [...byGroup(forecasts)].map(([month, group]) => ({
      month,
      contacts: group.length,
      rate: rateOf(group),
      stated: group.reduce((sum, { p }) => sum + p, 0) / group.length,
      logLoss: logLoss(group),
      auc: aucOf(group).auc,
    })),
  };
}
