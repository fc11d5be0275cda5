/** The only reader of the environment of this app. */
import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { CHANNELS, channelV1, isSafeToken } from "#contracts";
import { readChannelsFile, type ChannelProviders } from "./pool/channels-file.js";
import { SANDBOX_FAULTS } from "./sandbox/sandbox-behaviour.js";
import { profileOf, profilesFileV1, type SandboxChannel } from "./sandbox/sandbox-profile.js";

const list = (text: string): string[] =>
  text
    .split(",")
    .map((t) => t.trim())
    .filter((t) => t !== "");
const port = z.coerce.number().int().min(0).max(65_535);
const ms = z.coerce.number().int().positive();

/** `sms=reject,push=hang` */
const faults = z
  .string()
  .transform((text) => Object.fromEntries(list(text).map((pair) => pair.split("=", 2))))
  .pipe(z.partialRecord(channelV1, z.enum(SANDBOX_FAULTS)));

const environment = z.object({
  NATS_URL: z.string().min(1).default("nats://127.0.0.1:4222"),
  SEGUE_CLOCK: z.string().optional(),
  HEALTH_PORT: port.optional(),
  /** For tests alone: where to die. */
  SEGUE_KILL_AT: z.string().optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
  /** Which channels this process serves. */
  CHANNELS: z.string().default(CHANNELS.join(",")).transform(list).pipe(z.array(channelV1).min(1)),
  /** Commands carried out at a time per channel; those that only wait for a receipt do not count. */
  CHANNEL_CONCURRENCY: z.coerce.number().int().min(1).max(1_024).default(64),
  GATE_TIMEOUT_MS: ms.default(1_000),
  GATE_INSIST_MS: ms.default(5_000),
  /** How long a stop waits for what is under way. */
  STOP_GRACE_MS: ms.max(9_000).default(6_000),
  /** YAML file with the providers of each channel (docs/channels.md); without it the sandbox serves them. */
  CHANNELS_FILE: z.string().optional(),
  /** Where processes share the pace of a provider; without it each keeps it for itself. */
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, "use redis://… or rediss://…")
    .optional(),
  SANDBOX_SEED: z.string().default("segue"),
  SANDBOX_FAULTS: faults.default({}),
  /** YAML file that changes the sandbox's rates and times, per channel. */
  SANDBOX_PROFILE: z.string().optional(),
  /** File to which the sandbox's providers append what they receive. */
  SANDBOX_LEDGER: z.string().optional(),
  AGENTS: z
    .string()
    .default("agent-1,agent-2,agent-3")
    .transform(list)
    .pipe(
      z.array(z.string().refine(isSafeToken, "an agent id is 1 to 64 characters of A-Z a-z 0-9 _ -")).min(1),
    ),
  /** With it, email goes over SMTP; without it, to the sandbox. */
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, "use smtp://… or smtps://…")
    .optional(),
  MAIL_FROM: z.string().includes("@").default("Segue <segue@bank.example>"),
  /** Domain of the embedded address book. */
  MAIL_CUSTOMER_DOMAIN: z.string().min(1).default("customers.example"),
});

export type ChannelsConfig = ReturnType<typeof readConfig>;

/** Reads and checks the environment. Throws an error that names the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env) {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    throw new Error(
      parsed.error.issues
        .map(
          (i) =>
            `${String(i.path[0])}: ${i.message}${i.path.length > 1 ? ` (${i.path.slice(1).join(".")})` : ""}`,
        )
        .join("; "),
    );
  }
  const { SANDBOX_PROFILE, CHANNELS_FILE } = parsed.data;
  return {
    ...parsed.data,
    profiles: readProfiles(SANDBOX_PROFILE),
    providers: readProviders(CHANNELS_FILE, set),
  };
}

function readProviders(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ChannelProviders {
  if (file === undefined) return {};
  try {
    return readChannelsFile(file, env);
  } catch (cause) {
    throw new Error(`CHANNELS_FILE: ${file}: ${(cause as Error).message}`, { cause });
  }
}

function readProfiles(file: string | undefined) {
  let overrides = {};
  if (file !== undefined) {
    try {
      overrides = profilesFileV1.parse(parseYaml(readFileSync(file, "utf8")));
    } catch (cause) {
      throw new Error(`SANDBOX_PROFILE: ${file}: ${(cause as Error).message}`, { cause });
    }
  }
  const sandboxed = CHANNELS.filter((c) => c !== "inapp");
  return Object.fromEntries(sandboxed.map((c) => [c, profileOf(c, overrides)])) as Record<
    SandboxChannel,
    ReturnType<typeof profileOf>
  >;
}
