import { NestFactory } from "@nestjs/core";
import type { MicroserviceOptions } from "@nestjs/microservices";
import { clockFrom } from "#clock";
import { archiveDefinitions } from "#audit";
import {
  catalogueOf,
  createExpressions,
  loadCatalogues,
  loadExperiments,
  loadModels,
  withExperiments,
} from "#definitions";
import { prepareCatalogue } from "#domain";
import { connectNats, RpcClient, RpcServer } from "#messaging";
import { CATALOGUES, publishedFiles } from "#registry";
import type { Service } from "#service";
import { NestLogger, type Logger } from "#telemetry";
import type { DecisionConfig } from "./config.js";
import { DecisionMaker } from "./decision-maker.js";
import { DecisionModule } from "./decision.module.js";
import { startModels } from "./models/start-models.js";
import { PolicyRpcAdapter } from "./policy-rpc.adapter.js";

/** Instances with the same queue share the requests. */
const QUEUE = "decision";

/**
 * Starts the decision service: publishes the catalogues of this build where nobody governs them, and follows what is in
 * force. Throws DefinitionError when the catalogue is not usable.
 */
export async function startDecision(
  config: Pick<DecisionConfig, "natsUrl" | "definitionsDir"> & Partial<Pick<DecisionConfig, "clock">>,
  log: Logger,
): Promise<Service> {
  const catalogues = loadCatalogues(config.definitionsDir);
  const experiments = loadExperiments(config.definitionsDir);
  const definitions = loadModels(config.definitionsDir);
  let connected = true;
  const nc = await connectNats({
    url: config.natsUrl,
    name: "decision",
    onStatus: ({ type }) => {
      if (type === "disconnect") connected = false;
      if (type === "reconnect") connected = true;
    },
  });
  const expressions = createExpressions();
  await archiveDefinitions(nc, experiments, log);
  const clock = clockFrom(config.clock);
  const published = await publishedFiles({ nc, clock, of: CATALOGUES, files: catalogues, log }, (inForce) => {
    const catalogue = withExperiments(catalogueOf(inForce), experiments);
    prepareCatalogue(catalogue, expressions);
    return catalogue;
  });
  const models = await startModels(nc, {
    definitions,
    dir: config.definitionsDir,
    priorOf: (action) => published.at(clock.now()).actions.get(action)?.prior,
    expressions,
    log,
  });
  const policy = new PolicyRpcAdapter(new RpcClient(nc));
  const maker = new DecisionMaker(published, expressions, policy, models.candidates);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(DecisionModule.with(maker, log), {
    strategy: new RpcServer({ nc, queue: QUEUE }),
    logger: new NestLogger(log),
  });
  await app.listen();
  return {
    ready: () => connected,
    async stop() {
      await app.close();
      await models.stop();
      published.stop();
      await nc.drain();
    },
  };
}
