import type { NatsConnection } from "@nats-io/nats-core";
import { loadModels } from "#definitions";
import { performanceOf, together } from "#domain";
import { ModelStore } from "#learning";
import { count } from "./text.js";

/** What each model has learned so far, in a few words. */
export async function learnedSoFar(nc: NatsConnection, definitionsDir: string): Promise<readonly string[]> {
  const models = loadModels(definitionsDir).filter((m) => m.source === undefined);
  return Promise.all(
    models.map(async (model) => {
      const { arms } = await ModelStore.read(nc, model);
      const { outcomes, successes, auc } = performanceOf(together(arms.map((a) => a.watch)));
      if (outcomes === 0) return `${model.id} nothing yet`;
      const rate = `${((100 * successes) / outcomes).toFixed(1)} % succeeded`;
      return `${model.id} ${count(outcomes)} (${rate}${auc === undefined ? "" : `, AUC ${auc.toFixed(2)}`})`;
    }),
  );
}
