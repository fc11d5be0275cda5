import { Controller, Get, Header, Inject, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { GatewayMetrics } from "../metrics.js";
import { NatsLink } from "../nats-link.js";

/** `stopping` takes no new work, so that a load balancer looks elsewhere while requests finish. */
export class Lifecycle {
  state: "running" | "stopping" = "running";
}

interface HealthAnswer {
  readonly service: "gateway";
  readonly status: "up" | "down";
  readonly checks?: { readonly nats: boolean; readonly streams: boolean; readonly stopping: boolean };
}

@Controller()
export class HealthController {
  constructor(
    @Inject(NatsLink) private readonly link: NatsLink,
    @Inject(GatewayMetrics) private readonly metrics: GatewayMetrics,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
  ) {}

  @Get("health/live")
  live(): HealthAnswer {
    return { service: "gateway", status: "up" };
  }

  /** Connected to NATS, the streams there, not stopping. */
  @Get("health/ready")
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthAnswer> {
    const checks = {
      nats: this.link.connected,
      streams: await this.link.streamsThere(),
      stopping: this.lifecycle.state === "stopping",
    };
    const up = checks.nats && checks.streams && !checks.stopping;
    void reply.status(up ? 200 : 503);
    return { service: "gateway", status: up ? "up" : "down", checks };
  }

  @Get("metrics")
  @Header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
  metricsText(): string {
    return this.metrics.text();
  }
}
