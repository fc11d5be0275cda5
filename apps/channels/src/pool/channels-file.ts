/**
 * Which providers serve which channel (`CHANNELS_FILE`, YAML). What is secret stands in the environment: `${NAME}` in a text stands
 * for a variable. A channel that is not named keeps the sandbox.
 */
import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { channelV1, durationMs, durationV1, type Channel } from "#contracts";

const common = {
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
    .max(32),
  /** Share of the messages, against the weights of the others; 0: only when no other can. */
  weight: z.number().nonnegative().max(1_000).default(1),
  /** How fast it may be asked, by all processes together. Absent: as fast as there is something to send. */
  rate: z
    .strictObject({
      perSecond: z.number().positive().max(100_000),
      burst: z.number().int().positive().max(100_000).default(1),
    })
    .optional(),
  /** When it is left alone: after so many failures in a row, for so long at first, and at most. */
  breaker: z
    .strictObject({
      failures: z.number().int().positive().default(5),
      openFor: durationV1.default("5s"),
      openForAtMost: durationV1.default("5m"),
    })
    .prefault({}),
};

export const providerEntryV1 = z.discriminatedUnion("protocol", [
  z.strictObject({ ...common, protocol: z.literal("sandbox") }),
  z.strictObject({
    ...common,
    protocol: z.literal("smtp"),
    url: z.string().regex(/^smtps?:\/\//, "smtp://user:password@host:port or smtps://…"),
    from: z.string().includes("@"),
    maxConnections: z.number().int().positive().max(100).optional(),
  }),
  z.strictObject({
    ...common,
    protocol: z.literal("smpp"),
    url: z.string().regex(/^smpps?:\/\//, "smpp://systemId:password@host:port or smpps://…"),
    /** A number (`+420…`), a short code, or up to 11 letters. */
    from: z.string().min(1),
    /** Requests without an answer at a time. */
    window: z.number().int().positive().max(1_000).optional(),
  }),
]);
export type ProviderEntry = z.infer<typeof providerEntryV1>;

const SERVES: Readonly<Record<ProviderEntry["protocol"], readonly Channel[]>> = {
  sandbox: ["push", "sms", "email", "atm", "ivr"],
  smtp: ["email"],
  smpp: ["sms"],
};

const fileV1 = z
  .strictObject({
    kind: z.literal("Channels"),
    providers: z.partialRecord(channelV1, z.array(providerEntryV1).min(1).max(8)),
  })
  .superRefine(({ providers }, context) => {
    const seen = new Set<string>();
    for (const [channel, entries] of Object.entries(providers) as [Channel, ProviderEntry[]][]) {
      for (const [i, { id, protocol, breaker }] of entries.entries()) {
        const report = (field: string, message: string): void =>
          context.addIssue({ code: "custom", path: ["providers", channel, i, field], message });
        if (!SERVES[protocol].includes(channel))
          report("protocol", `${protocol} serves ${SERVES[protocol].join(", ")}, not ${channel}`);
        if (seen.has(id)) report("id", `${id} is another provider's: what it took is found by its id`);
        seen.add(id);
        if (durationMs(breaker.openForAtMost) < durationMs(breaker.openFor))
          report("breaker", "openForAtMost is shorter than openFor");
      }
    }
  });
export type ChannelProviders = Readonly<Partial<Record<Channel, readonly ProviderEntry[]>>>;

/** Reads and checks the file. Throws an Error that names what is wrong, and never a value of the environment. */
export function readChannelsFile(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): ChannelProviders {
  const document: unknown = withEnvironment(parseYaml(readFileSync(file, "utf8")), env);
  const parsed = fileV1.safeParse(document);
  if (parsed.success) return parsed.data.providers;
  throw new Error(parsed.error.issues.map((i) => `${i.path.map(String).join(".")}: ${i.message}`).join("; "));
}

const VARIABLE = /\$\{([A-Za-z_]\w*)\}/g;

/** Every text with its variables put in. Throws for one that is not set. */
function withEnvironment(value: unknown, env: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof value === "string")
    return value.replace(VARIABLE, (_, name: string) => {
      const text = env[name];
      if (text === undefined) throw new Error(`\${${name}} is named, and the environment has no ${name}`);
      return text;
    });
  if (Array.isArray(value)) return value.map((v) => withEnvironment(v, env));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, withEnvironment(v, env)]));
}
