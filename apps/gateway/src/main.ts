import "reflect-metadata";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runService } from "#service";
import { createLogger, startTelemetry } from "#telemetry";
import { readConfig } from "./config.js";
import { startGateway } from "./gateway.js";

/** Version of the product, from the package that this file is built in; `0.0.0` when it stands alone. */
function productVersion(): string {
  try {
    const text = readFileSync(join(import.meta.dirname, "../../../../package.json"), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return "0.0.0";
  }
}

const fallbackLog = createLogger({ service: "gateway" });

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger({ service: "gateway", level: config.logLevel });
  const telemetry = startTelemetry({ service: "gateway", endpoint: config.otlpEndpoint });
  await runService({
    name: "gateway",
    log,
    killAt: config.killAt,
    start: async () => {
      const gateway = await startGateway({ config, log, version: productVersion() });
      return {
        ready: () => gateway.ready(),
        async stop() {
          await gateway.stop();
          await telemetry.shutdown();
        },
      };
    },
  });
}

try {
  await main();
} catch (error) {
  fallbackLog.error({}, `gateway cannot start: ${(error as Error).message}`);
  process.exitCode = 1;
}
