import { nuid, type NatsConnection } from "@nats-io/nats-core";
import type { ModelDefinition, Prior } from "#contracts";
import type { Expressions } from "#domain";
import { followModels, Learner } from "#learning";
import type { Logger } from "#telemetry";
import { CandidateModels } from "./candidate-models.js";
import { openOwnModels } from "./own-models.js";

export interface Models {
  readonly candidates: CandidateModels;
  stop(): Promise<void>;
}

export interface ModelsOptions {
  readonly definitions: readonly ModelDefinition[];
  /** Files of models are relative to it. */
  readonly dir: string;
  readonly priorOf: (action: string) => Prior | undefined;
  readonly expressions: Expressions;
  readonly log: Logger;
}

/** What was learned is read before the first decision; whether this instance goes on learning, its lease says. */
export async function startModels(nc: NatsConnection, options: ModelsOptions): Promise<Models> {
  const { definitions, dir, priorOf, expressions, log } = options;
  const followed = await followModels(nc, definitions, (error) =>
    log.error({ error: error.message }, "what a model has learned cannot be read: it starts from its priors"),
  );
  const own = await openOwnModels(definitions, dir, log);
  const learner = new Learner(nc, { models: definitions, priorOf, expressions, log, holder: nuid.next() });
  learner.start();
  return {
    candidates: new CandidateModels(followed.live, own, expressions),
    async stop() {
      await learner.stop();
      followed.stop();
    },
  };
}
