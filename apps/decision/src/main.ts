import "reflect-metadata";
import { runService } from "#service";
import { createLogger, startTelemetry } from "#telemetry";
import { readConfig, type DecisionConfig } from "./config.js";
import { startDecision } from "./start-decision.js";

function configOrExit(): DecisionConfig {
  try {
    return readConfig();
  } catch (error) {
    createLogger({ service: "decision" }).error({}, (error as Error).message);
    process.exit(1);
  }
}

const config = configOrExit();
const log = createLogger({ service: "decision", level: config.logLevel });
const telemetry = startTelemetry({ service: "decision", endpoint: config.otlpEndpoint });

await runService({
  name: "decision",
  healthPort: config.healthPort,
  killAt: config.killAt,
  log,
  start: async () => {
    const service = await startDecision(config, log);
    return {
      ready: () => service.ready(),
      stop: async () => {
        await service.stop();
        await telemetry.shutdown();
      },
    };
  },
});
