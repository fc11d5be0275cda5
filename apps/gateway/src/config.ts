/** The gateway's settings; the only reader of its environment. */
import { z } from "zod";
import { durationMs, durationV1 } from "#contracts";
import { clockFrom, type Clock } from "#clock";

const milliseconds = durationV1.transform(durationMs);
const count = z.string().regex(/^\d+$/, "a whole number").transform(Number);
const port = count.refine((n) => n <= 65_535, "a port is 0 to 65535");

const environment = z.object({
  PORT: port.default(8080),
  HOST: z.string().min(1).default("127.0.0.1"),
  NATS_URL: z.string().min(1).default("nats://127.0.0.1:4222"),
  /** Holds `journeys/`, `catalogue/`, `policies/`, `gates/`: what is validated and simulated here. */
  SEGUE_DEFINITIONS_DIR: z.string().min(1).default("."),
  SIMULATION_MAX_EVENTS: count.default(200_000),
  SIMULATION_WITHIN: milliseconds.default(20_000),
  SEGUE_CLOCK: z.string().optional(),
  /** For tests alone: where to die. */
  SEGUE_KILL_AT: z.string().optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
  /** How long a request waits for the stream before it is answered 503. */
  PUBLISH_GIVE_UP: milliseconds.default(3_000),
  /** How far ahead of Segue's clock an event's time may be. */
  EVENT_MAX_FUTURE: milliseconds.default(300_000),
  /** How far back it may be; in a replay without a limit unless set. */
  EVENT_MAX_AGE: milliseconds.optional(),
  BATCH_MAX_EVENTS: count.default(256),
  BATCH_MAX_BYTES: count.default(4_194_304),
  /** Events being published at one time; above it, 503. */
  MAX_IN_FLIGHT_EVENTS: count.default(4_096),
  IDEMPOTENCY_KEEP: milliseconds.default(600_000),
  /** How long the event of a moment is tried to be stored, also after its caller was answered. */
  MOMENT_KEEP: milliseconds.default(30_000),
});

/** Ten years of 365.25 days. */
const TEN_YEARS_MS = 315_576_000_000;

export interface GatewayConfig {
  readonly port: number;
  readonly host: string;
  readonly natsUrl: string;
  readonly clock: Clock;
  readonly definitionsDir: string;
  readonly simulationMaxEvents: number;
  readonly simulationWithinMs: number;
  readonly killAt: string | undefined;
  readonly logLevel: string;
  readonly otlpEndpoint: string | undefined;
  readonly publishGiveUpMs: number;
  readonly eventMaxFutureMs: number;
  /** `Infinity`: no limit. */
  readonly eventMaxAgeMs: number;
  readonly batchMaxEvents: number;
  readonly batchMaxBytes: number;
  readonly maxInFlightEvents: number;
  readonly idempotencyKeepMs: number;
  readonly momentKeepMs: number;
}

/** Throws an error that names each variable that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): GatewayConfig {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "));
  }
  const e = parsed.data;
  const clock = clockFrom(e.SEGUE_CLOCK);
  return {
    port: e.PORT,
    host: e.HOST,
    natsUrl: e.NATS_URL,
    clock,
    definitionsDir: e.SEGUE_DEFINITIONS_DIR,
    simulationMaxEvents: e.SIMULATION_MAX_EVENTS,
    simulationWithinMs: e.SIMULATION_WITHIN,
    killAt: e.SEGUE_KILL_AT,
    logLevel: e.LOG_LEVEL,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT || undefined,
    publishGiveUpMs: e.PUBLISH_GIVE_UP,
    eventMaxFutureMs: e.EVENT_MAX_FUTURE,
    eventMaxAgeMs: e.EVENT_MAX_AGE ?? (clock.kind === "replay" ? Infinity : TEN_YEARS_MS),
    batchMaxEvents: e.BATCH_MAX_EVENTS,
    batchMaxBytes: e.BATCH_MAX_BYTES,
    maxInFlightEvents: e.MAX_IN_FLIGHT_EVENTS,
    idempotencyKeepMs: e.IDEMPOTENCY_KEEP,
    momentKeepMs: e.MOMENT_KEEP,
  };
}
