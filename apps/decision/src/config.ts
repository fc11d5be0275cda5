/** The only reader of the environment in this app. */
import { z } from "zod";

const schema = z.object({
  NATS_URL: z.string().min(1).default("nats://127.0.0.1:4222"),
  /** Holds `catalogue/`. */
  SEGUE_DEFINITIONS_DIR: z.string().min(1).default("."),
  SEGUE_CLOCK: z.string().optional(),
  /** For tests alone: where to die. */
  SEGUE_KILL_AT: z.string().optional(),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
});

export interface DecisionConfig {
  readonly natsUrl: string;
  readonly definitionsDir: string;
  readonly clock: string | undefined;
  readonly healthPort: number | undefined;
  readonly killAt: string | undefined;
  readonly logLevel: string;
  readonly otlpEndpoint: string | undefined;
}

/** Reads the environment; an empty variable counts as not set. Throws an error that names every wrong variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): DecisionConfig {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const result = schema.safeParse(set);
  if (!result.success) {
    throw new Error(
      result.error.issues.map((i) => `environment variable ${i.path.join(".")}: ${i.message}`).join("; "),
    );
  }
  const e = result.data;
  return {
    natsUrl: e.NATS_URL,
    definitionsDir: e.SEGUE_DEFINITIONS_DIR,
    clock: e.SEGUE_CLOCK,
    healthPort: e.HEALTH_PORT,
    killAt: e.SEGUE_KILL_AT,
    logLevel: e.LOG_LEVEL,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT,
  };
}
