import { hostname } from "node:os";
import { z } from "zod";

const port = z.coerce.number().int().min(1).max(65_535);

const environment = z.object({
  NATS_URL: z.string().default("nats://127.0.0.1:4222"),
  SEGUE_CLOCK: z.string().optional(),
  SEGUE_DEFINITIONS_DIR: z.string().default("."),
  /** For tests alone: where to die. */
  SEGUE_KILL_AT: z.string().optional(),
  INSTANCE_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 characters of A-Z a-z 0-9 _ -")
    .default(
      `${hostname()
        .replace(/[^A-Za-z0-9_-]/g, "-")
        .slice(0, 40)}-${process.pid}`,
    ),
  HEALTH_PORT: port.optional(),
  HEALTH_HOST: z.string().optional(),
  LOG_LEVEL: z.string().default("info"),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
  /** Events handled at once per partition. */
  ACTOR_MAX_IN_FLIGHT: z.coerce.number().int().min(1).max(2_048).default(128),
  /** Bound of the activation cache, MB of context JSON. */
  ACTOR_CACHE_MB: z.coerce.number().positive().default(64),
  /** How long a decision is asked for again before the journey's own fallback is taken, ms. */
  ACTOR_DECISION_BUDGET_MS: z.coerce.number().int().positive().default(10_000),
});

export interface ActorConfig {
  readonly natsUrl: string;
  readonly clock: string | undefined;
  readonly definitionsDir: string;
  readonly killAt: string | undefined;
  readonly instanceId: string;
  readonly healthPort: number | undefined;
  readonly healthHost: string | undefined;
  readonly logLevel: string;
  readonly otlpEndpoint: string | undefined;
  readonly maxInFlight: number;
  readonly cacheBytes: number;
  readonly decisionBudgetMs: number;
}

/** The settings of this process. Throws an error that names the variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ActorConfig {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "));
  }
  const e = parsed.data;
  return {
    natsUrl: e.NATS_URL,
    clock: e.SEGUE_CLOCK,
    definitionsDir: e.SEGUE_DEFINITIONS_DIR,
    killAt: e.SEGUE_KILL_AT,
    instanceId: e.INSTANCE_ID,
    healthPort: e.HEALTH_PORT,
    healthHost: e.HEALTH_HOST,
    logLevel: e.LOG_LEVEL,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT,
    maxInFlight: e.ACTOR_MAX_IN_FLIGHT,
    cacheBytes: e.ACTOR_CACHE_MB * 1_000_000,
    decisionBudgetMs: e.ACTOR_DECISION_BUDGET_MS,
  };
}
