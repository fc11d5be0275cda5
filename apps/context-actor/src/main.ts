import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import { runService } from "#service";
import { createLogger, startTelemetry } from "#telemetry";
import { ActorModule } from "./actor.module.js";
import { ContextActorService } from "./context-actor.lifecycle.js";
import { readConfig, type ActorConfig } from "./config.js";

function configOrExit(): ActorConfig {
  try {
    return readConfig();
  } catch (error) {
    createLogger({ service: "context-actor" }).error({}, (error as Error).message);
    process.exit(1);
  }
}

const config = configOrExit();
const log = createLogger({ service: "context-actor", level: config.logLevel });
const telemetry = startTelemetry({ service: "context-actor", endpoint: config.otlpEndpoint, log });

await runService({
  name: "context-actor",
  healthPort: config.healthPort,
  healthHost: config.healthHost,
  killAt: config.killAt,
  log,
  start: async () => {
    const app = await NestFactory.createApplicationContext(ActorModule.of(config, log), {
      logger: false,
      abortOnError: false,
    });
    const actor = app.get(ContextActorService);
    return {
      ready: () => actor.ready(),
      stop: async () => {
        await app.close();
        await telemetry.shutdown();
      },
    };
  },
});
