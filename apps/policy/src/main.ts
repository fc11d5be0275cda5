import { runService } from "#service";
import { createLogger, startTelemetry } from "#telemetry";
import { readConfig, type PolicyConfig } from "./config.js";
import { startPolicy } from "./start.js";

function configOrExit(): PolicyConfig {
  try {
    return readConfig();
  } catch (error) {
    createLogger({ service: "policy" }).error({}, (error as Error).message);
    process.exit(1);
  }
}

const config = configOrExit();
const log = createLogger({ service: "policy", level: config.logLevel });
const telemetry = startTelemetry({ service: "policy", endpoint: config.otlpEndpoint, log });

await runService({
  name: "policy",
  healthPort: config.healthPort,
  killAt: config.killAt,
  log,
  start: async () => {
    const service = await startPolicy(config, log);
    return {
      ready: () => service.ready(),
      stop: async () => {
        await service.stop();
        await telemetry.shutdown();
      },
    };
  },
});
