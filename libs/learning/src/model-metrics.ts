import type { NatsConnection } from "@nats-io/nats-core";
import type { ModelDefinition } from "#contracts";
import { performanceOf, type Arm } from "#domain";
import { ModelStore } from "./model-store.js";

const METRICS: readonly {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly of: (arm: Arm) => number | undefined;
}[] = [
  { name: "learned_total", help: "Orders learned of", type: "counter", of: (arm) => arm.learned },
  { name: "successes_total", help: "Successes among them", type: "counter", of: (arm) => arm.successes },
  {
    name: "auc",
    help: "Chance that a success was given the higher propensity",
    type: "gauge",
    of: (arm) => performanceOf(arm.watch).auc,
  },
  {
    name: "log_loss",
    help: "Of each forecast before its outcome was learned",
    type: "gauge",
    of: (arm) => performanceOf(arm.watch).logLoss,
  },
  {
    name: "drift_last_at_seconds",
    help: "When drift that the base rate does not explain was last found",
    type: "gauge",
    of: (arm) => {
      const last = arm.state.drift.found.at(-1);
      return last && last.at / 1_000;
    },
  },
];

/** What models have learned in Prometheus' text format, by model, action and channel. */
export async function modelMetrics(nc: NatsConnection, models: readonly ModelDefinition[]): Promise<string> {
  const stores = await Promise.all(
    models.filter((m) => m.source === undefined).map((m) => ModelStore.read(nc, m)),
  );
  const arms = stores.flatMap((store) => store.arms);
  return METRICS.map(({ name, help, type, of }) => {
    const samples = arms.flatMap((arm) => {
      const value = of(arm);
      const labels = `model="${arm.model}",action="${arm.action}",channel="${arm.channel}"`;
      return value === undefined ? [] : [`segue_model_${name}{${labels}} ${value}\n`];
    });
    return `# HELP segue_model_${name} ${help}\n# TYPE segue_model_${name} ${type}\n${samples.join("")}`;
  }).join("");
}
