/** The only reader of the environment in this app. */
import { z } from "zod";

const environment = z.object({
  NATS_URL: z.string().min(1),
  REDIS_URL: z.string().regex(/^rediss?:\/\//, "a redis:// or rediss:// URL"),
  /** Folder that holds `policies/`. */
  SEGUE_DEFINITIONS_DIR: z.string().min(1).default("."),
  SEGUE_CLOCK: z.string().optional(),
  /** For tests alone: where to die. */
  SEGUE_KILL_AT: z.string().optional(),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
});

export interface PolicyConfig {
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly definitionsDir: string;
  readonly clock: string | undefined;
  readonly healthPort: number | undefined;
  readonly killAt: string | undefined;
  readonly logLevel: string;
  readonly otlpEndpoint: string | undefined;
}

/** Reads the configuration. Throws an error that names every variable that is missing or wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): PolicyConfig {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`);
    throw new Error(`policy cannot start, check the environment: ${wrong.join("; ")}`);
  }
  const e = parsed.data;
  return {
    natsUrl: e.NATS_URL,
    redisUrl: e.REDIS_URL,
    definitionsDir: e.SEGUE_DEFINITIONS_DIR,
    clock: e.SEGUE_CLOCK,
    healthPort: e.HEALTH_PORT,
    killAt: e.SEGUE_KILL_AT,
    logLevel: e.LOG_LEVEL,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT || undefined,
  };
}
