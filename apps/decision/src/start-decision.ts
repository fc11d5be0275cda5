import { NestFactory } from "@nestjs/core";
import { nuid } from "@nats-io/nats-core";
import type { MicroserviceOptions } from "@nestjs/microservices";
import { archiveDefinitions } from "#audit";
import { catalogueOf, createExpressions, loadCatalogues, loadModels } from "#definitions";
import { followModels, Learner } from "#learning";
import { connectNats, RpcClient, RpcServer } from "#messaging";
import type { Service } from "#service";
import { NestLogger, type Logger } from "#telemetry";
import type { DecisionConfig } from "./config.js";
import { DecisionMaker } from "./decision-maker.js";
import { CandidateModels } from "./models/candidate-models.js";
import { openOwnModels } from "./models/own-models.js";
import { DecisionModule } from "./decision.module.js";
import { PolicyRpcAdapter } from "./policy-rpc.adapter.js";

/** Instances with the same queue share the requests. */
const QUEUE = "decision";

/** Starts the decision service. Throws DefinitionError when the catalogue is not usable. */
export async function startDecision(
  config: Pick<DecisionConfig, "natsUrl" | "definitionsDir">,
  log: Logger,
): Promise<Service> {
  const catalogues = loadCatalogues(config.definitionsDir);
  const models = loadModels(config.definitionsDir);
  let connected = true;
  const nc = await connectNats({
    url: config.natsUrl,
    name: "decision",
    onStatus: ({ type }) => {
      if (type === "disconnect") connected = false;
      if (type === "reconnect") connected = true;
    },
  });
  await archiveDefinitions(nc, catalogues, log);
  const catalogue = catalogueOf(catalogues);
  const expressions = createExpressions();
  const followed = await followModels(nc, models, (error) =>
    log.error({ error: error.message }, "what a model has learned cannot be read: it starts from its priors"),
  );
  const learner = new Learner(nc, {
    models,
    priorOf: (action) => catalogue.actions.get(action)?.prior,
    expressions,
    log,
    holder: nuid.next(),
  });
  const own = await openOwnModels(models, config.definitionsDir, log);
  const maker = new DecisionMaker(
    catalogue,
    expressions,
    new PolicyRpcAdapter(new RpcClient(nc)),
    new CandidateModels(followed.live, own, expressions),
  );
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(DecisionModule.with(maker, log), {
    strategy: new RpcServer({ nc, queue: QUEUE }),
    logger: new NestLogger(log),
  });
  await app.listen();
  learner.start();
  return {
    ready: () => connected,
    async stop() {
      await app.close();
      await learner.stop();
      followed.stop();
      await nc.drain();
    },
  };
}
