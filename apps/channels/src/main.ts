import "reflect-metadata";
import { runService } from "#service";
import { createLogger, startTelemetry } from "#telemetry";
import { startChannels } from "./channels.app.js";
import { readConfig } from "./config.js";

const config = readOrExit();
const log = createLogger({ service: "channels", level: config.LOG_LEVEL });
const telemetry = startTelemetry({ service: "channels", endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });

await runService({
  name: "channels",
  healthPort: config.HEALTH_PORT,
  killAt: config.SEGUE_KILL_AT,
  log,
  start: async () => {
    const service = await startChannels(config, log);
    return {
      ready: () => service.ready(),
      stop: async () => {
        await service.stop();
        await telemetry.shutdown();
      },
    };
  },
});

function readOrExit(): ReturnType<typeof readConfig> {
  try {
    return readConfig();
  } catch (error) {
    createLogger({ service: "channels" }).fatal({}, `channels cannot start: ${(error as Error).message}`);
    process.exit(1);
  }
}
