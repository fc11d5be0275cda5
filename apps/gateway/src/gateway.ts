/** Puts the gateway together: Fastify under Nest, bodies as bytes, errors as problems, every request counted. */
import { randomUUID } from "node:crypto";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import type { FastifyReply, FastifyRequest } from "fastify";
import { MAX_EVENT_BYTES } from "#contracts";
import type { Service } from "#service";
import type { Logger } from "#telemetry";
import type { GatewayConfig } from "./config.js";
import { GatewayModule } from "./gateway.module.js";
import { Lifecycle } from "./health/health.controller.js";
import { GatewayMetrics } from "./metrics.js";
import { MomentResponder } from "./moments/moment.responder.js";
import { Moments } from "./moments/moments.js";
import { NatsLink } from "./nats-link.js";
import { ProblemFilter, refuseConnection } from "./problem.filter.js";
import { TraceInterceptor } from "./trace.interceptor.js";

export interface Gateway extends Service {
  readonly app: NestFastifyApplication;
  /** `http://host:port` once it listens. */
  readonly address: string;
  /** Every registered route, as `GET /v1/customers/:id`. */
  readonly routes: readonly string[];
}

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly version: string;
}

const FINISH_REQUESTS_WITHIN_MS = 6_500;
const CLOSE_CONNECTION_WITHIN_MS = 2_000;
/** Time for a client to send its whole request. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Starts listening at once; it is ready when NATS is there. */
export async function startGateway({ config, log, version }: GatewayOptions): Promise<Gateway> {
  const link = new NatsLink(config.natsUrl, (type) => {
    if (type !== "ping" && type !== "reconnecting") log.info({ status: type }, "nats");
  });
  const metrics = new GatewayMetrics(() => link.connected);
  const lifecycle = new Lifecycle();
  const eventLimits = {
    clock: config.clock,
    maxFutureMs: config.eventMaxFutureMs,
    maxAgeMs: config.eventMaxAgeMs,
  };
  const moments = new Moments(link, metrics, log, {
    maxWaiting: config.maxInFlightEvents,
    keepMs: config.momentKeepMs,
  });
  const momentResponder = new MomentResponder(link, moments, eventLimits, log);
  const filter = new ProblemFilter(log);
  const adapter = new FastifyAdapter({
    genReqId: () => randomUUID(),
    bodyLimit: config.batchMaxBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A path that is not valid percent-encoding, for one: raised before any route is known.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      filter.send(error, request, reply),
    clientErrorHandler: refuseConnection,
  });
  const fastify = adapter.getInstance();
  const routes: string[] = [];
  fastify.addHook("onRoute", ({ method, url }) => {
    for (const m of [method].flat()) if (m !== "HEAD") routes.push(`${m} ${url}`);
  });
  fastify.removeAllContentTypeParsers();
  const collect = (_request: unknown, body: Buffer, done: (error: null, body: Buffer) => void): void =>
    done(null, body);
  fastify.addContentTypeParser(
    "application/cloudevents+json",
    { parseAs: "buffer", bodyLimit: MAX_EVENT_BYTES },
    collect,
  );
  fastify.addContentTypeParser("*", { parseAs: "buffer" }, collect);
  fastify.addHook("onRequest", (request, reply, done) => {
    void reply.header("X-Content-Type-Options", "nosniff");
    if (request.url.startsWith("/v1/")) void reply.header("Cache-Control", "no-store");
    done();
  });
  fastify.addHook("onSend", (_request, reply, _payload, done) => {
    // A client that keeps its connection would hold the shutdown until the connection's time-out.
    if (lifecycle.state === "stopping") void reply.header("Connection", "close");
    done();
  });
  fastify.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unknown";
    metrics.requests.add({ method: request.method, route, status: String(reply.statusCode) });
    metrics.requestSeconds.observe(reply.elapsedTime / 1_000);
    log.debug(
      {
        requestId: request.id,
        method: request.method,
        route,
        status: reply.statusCode,
        ms: reply.elapsedTime,
      },
      "answered",
    );
    done();
  });

  const app = await NestFactory.create<NestFastifyApplication>(
    GatewayModule.with({ config, link, metrics, lifecycle, moments, eventLimits, log, version }),
    adapter,
    { logger: false, abortOnError: false, bodyParser: false },
  );
  app.useGlobalFilters(filter);
  app.useGlobalInterceptors(new TraceInterceptor());
  try {
    await app.listen(config.port, config.host);
  } catch (error) {
    await link.close(0);
    throw error;
  }
  const address = addressOf(app, config.host);
  log.info({ address, docs: `${address}/docs` }, "gateway listens");
  return {
    app,
    address,
    routes,
    ready: () => link.connected && lifecycle.state === "running",
    async stop() {
      lifecycle.state = "stopping";
      momentResponder.stop();
      moments.close();
      // Stops accepting, and waits for the requests under way. Each is bounded by its publish time-out, but a
      // client that sends its body slowly is not.
      const cut = setTimeout(() => app.getHttpServer().closeAllConnections(), FINISH_REQUESTS_WITHIN_MS);
      await app.close();
      clearTimeout(cut);
      await link.close(CLOSE_CONNECTION_WITHIN_MS);
    },
  };
}

function addressOf(app: NestFastifyApplication, host: string): string {
  const bound = app.getHttpServer().address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
