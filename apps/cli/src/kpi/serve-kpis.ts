/**
 * `segue kpi --serve`: the figures for Prometheus. A process of its own, so that nothing on the way of an event pays for
 * them, and so that several gateways do not count the same thing.
 */
import { createServer } from "node:http";
import type { NatsConnection } from "@nats-io/nats-core";
import type { FairnessDefinition, ModelDefinition } from "#contracts";
import { kpiMetrics, KpiFollower, monitorMetrics, readExperiments, readKpis } from "#insight";
import { modelMetrics } from "#learning";
import { createLogger, type Logger } from "#telemetry";
import type { Interrupts } from "../tail/tail.command.js";

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** Between two looks at fairness and experiments. */
  readonly everyMinutes: number;
  readonly maxCustomers: number;
  readonly segment: string;
  readonly monitors: readonly FairnessDefinition[];
  readonly models: readonly ModelDefinition[];
  readonly log?: Logger;
}

/** Serves until interrupted: status 0; or until the audit cannot be read on: 1. */
export async function serveKpis(
  nc: NatsConnection,
  options: ServeOptions,
  interrupts: Interrupts,
): Promise<number> {
  const { host, port, everyMinutes, maxCustomers, segment, monitors, models } = options;
  const log = options.log ?? createLogger({ service: "kpi" });
  let end: (status: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (end = resolve));
  const interrupted = (): void => end(0);
  const follower = await KpiFollower.start(nc, { segment, maxCustomers }, (error) => {
    log.error({ error: error.message }, "the audit cannot be read on");
    end(1);
  });
  let monitored = await look(nc, monitors, models, log);
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look(nc, monitors, models, log)
      .then((text) => (monitored = text))
      .catch((error: unknown) => log.warn({ error: (error as Error).message }, "no look at fairness now"))
      .finally(() => (looking = false));
  }, everyMinutes * 60_000);
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("the metrics are at /metrics\n");
      return;
    }
    const unreadable = `# HELP segue_audit_unreadable_total Messages of AUDIT that are no records\n# TYPE segue_audit_unreadable_total counter\nsegue_audit_unreadable_total ${follower.unreadable}\n`;
    response
      .writeHead(200, { "Content-Type": "text/plain; version=0.0.4" })
      .end(kpiMetrics(follower.fold) + monitored + unreadable);
  });
  interrupts.on("SIGINT", interrupted);
  interrupts.on("SIGTERM", interrupted);
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
    const bound = server.address();
    log.info({ port: typeof bound === "object" ? bound?.port : port, host }, "key figures at /metrics");
    return await ended;
  } finally {
    clearInterval(timer);
    interrupts.off("SIGINT", interrupted);
    interrupts.off("SIGTERM", interrupted);
    server.close();
    server.closeAllConnections();
    await follower.stop();
  }
}

/** Fairness, experiments and models as of now; every alert is a line of the log. */
async function look(
  nc: NatsConnection,
  monitors: readonly FairnessDefinition[],
  models: readonly ModelDefinition[],
  log: Logger,
): Promise<string> {
  const fairness = monitors.length > 0 ? (await readKpis(nc, { segment: "" }, monitors)).fairness : [];
  for (const { alerts } of fairness)
    for (const { monitor, rate, group, ratio } of alerts)
      log.warn({ monitor, rate, group, ratio }, "fairness: a group is below the bound beyond chance");
  return monitorMetrics(fairness, await readExperiments(nc)) + (await modelMetrics(nc, models));
}
