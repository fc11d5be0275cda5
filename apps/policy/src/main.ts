import { runService } from "#service";
import { createLogger, startTelemetry } from "#telemetry";
import { readConfig } from "./config.js";
import { startPolicy } from "./start.js";

const config = readConfig();
const log = createLogger({ service: "policy", level: config.logLevel });
const telemetry = startTelemetry({ service: "policy", endpoint: config.otlpEndpoint });

await runService({
  name: "policy",
  healthPort: config.healthPort,
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
