/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import { durationMs } from "#contracts";
import { SERVICES, type Durability, type ServiceName } from "./installation.js";
import { W1_DEFAULTS } from "./workload.js";

export const HELP = `Workload W1 (bench/README.md) over the whole system as processes. A run whose checks fail prints no figure.

npm run bench                          floor, throughput and latency: a few minutes
npm run bench -- --only throughput     also: latency, floor
npm run bench -- --durability fsync    every write synced to disk before it is acknowledged, for system and floor
npm run bench -- --actors 2            with two context actors, beside the same with one
npm run bench -- --sweep customers     cost against the number of customers, 1,000 to 1,000,000
npm run bench -- --profile actor       CPU flame graph of a service: actor, decision, policy, channels, gateway
npm run bench -- --takeover            two actors, one killed under load: how long until its events are handled again
npm run bench -- --soak 30m            a steady rate; memory, open handles and lag must be flat at the end
npm run bench -- --decisions           scoring 12 and 2,500 candidates; decision and policy at 500 decisions/s
npm run bench -- --plots               draws bench/results/*.svg from the results kept there

--n N           distinct events (${W1_DEFAULTS.n})     --customers N   customers (${W1_DEFAULTS.customers})
--zipf S        exponent over the customers (${W1_DEFAULTS.zipf})   --rate N        events/s of latency, soak and take-over
--seconds N     of a latency step (30)      --no-keep       does not keep the result in bench/results/`;

const PROFILED: Readonly<Record<string, ServiceName>> = {
  actor: "context-actor",
  ...Object.fromEntries(SERVICES.map((s) => [s, s])),
};

export interface BenchOptions {
  readonly mode: "w1" | "actors" | "sweep" | "profile" | "takeover" | "soak" | "decisions" | "plots" | "help";
  readonly only?: "throughput" | "latency" | "floor";
  readonly durability: Durability;
  readonly profile?: ServiceName;
  readonly actors: number;
  readonly n: number;
  readonly customers: number;
  readonly zipf: number;
  readonly rate?: number;
  readonly seconds: number;
  readonly soakMs?: number;
  readonly keep: boolean;
}

/** What was written on the command line cannot be; the message says what can. */
export class BadOption extends Error {
  override readonly name = "BadOption";
}

/** Throws BadOption. */
export function readOptions(args: readonly string[]): BenchOptions {
  try {
    return parse(args);
  } catch (cause) {
    throw new BadOption(`${(cause as Error).message}\n\n${HELP}`, { cause });
  }
}

function parse(args: readonly string[]): BenchOptions {
  const { values: v } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      durability: { type: "string" },
      actors: { type: "string" },
      sweep: { type: "string" },
      profile: { type: "string" },
      soak: { type: "string" },
      n: { type: "string" },
      customers: { type: "string" },
      zipf: { type: "string" },
      rate: { type: "string" },
      seconds: { type: "string" },
      takeover: { type: "boolean" },
      decisions: { type: "boolean" },
      plots: { type: "boolean" },
      "no-keep": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const only = oneOf("only", v.only, ["throughput", "latency", "floor"] as const);
  const profile = v.profile === undefined ? undefined : PROFILED[v.profile];
  if (v.profile !== undefined && !profile)
    throw new Error(`--profile ${v.profile}: use actor, ${SERVICES.join(", ")}`);
  oneOf("sweep", v.sweep, ["customers"] as const);
  const actors = whole("actors", v.actors) ?? 1;
  const mode = v.help
    ? "help"
    : v.plots
      ? "plots"
      : v.sweep
        ? "sweep"
        : profile
          ? "profile"
          : v.decisions
            ? "decisions"
            : v.takeover
              ? "takeover"
              : v.soak
                ? "soak"
                : actors > 1
                  ? "actors"
                  : "w1";
  const rate = whole("rate", v.rate);
  const zipf = v.zipf === undefined ? W1_DEFAULTS.zipf : Number(v.zipf);
  if (!(zipf >= 0)) throw new Error(`--zipf ${v.zipf}: use a number from 0`);
  return {
    mode,
    ...(only ? { only } : {}),
    durability: oneOf("durability", v.durability, ["default", "fsync"] as const) ?? "default",
    ...(profile ? { profile } : {}),
    actors,
    n: whole("n", v.n) ?? W1_DEFAULTS.n,
    customers: whole("customers", v.customers) ?? W1_DEFAULTS.customers,
    zipf,
    ...(rate === undefined ? {} : { rate }),
    seconds: whole("seconds", v.seconds) ?? 30,
    ...(v.soak === undefined ? {} : { soakMs: durationMs(v.soak) }),
    keep: v["no-keep"] !== true,
  };
}

function oneOf<const T extends readonly string[]>(
  name: string,
  value: string | undefined,
  allowed: T,
): T[number] | undefined {
  if (value === undefined || allowed.includes(value)) return value;
  throw new Error(`--${name} ${value}: use ${allowed.join(", ")}`);
}

function whole(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const n = Number(value);
  if (!Number.isInteger(n) || n <= 0) throw new Error(`--${name} ${value}: use a whole number above 0`);
  return n;
}
