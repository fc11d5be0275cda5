/**
 * What the commands that change what is live have in common: who does it and why, the connection, the answer as text
 * or JSON, the exit status.
 */
import { parseArgs, styleText, type ParseArgsOptionsConfig } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import type { Controls, GovernanceRecord, ReleaseRecord } from "#contracts";
import type { Surroundings } from "#definitions";
import { connectNats } from "#messaging";
import {
  checkAgainst,
  DefinitionsBucket,
  JourneyRegistry,
  readCheckedSurroundings,
  type By,
  type Refused,
} from "#registry";
import type { Command } from "../command.js";
import { clockAt, NATS_DEFAULT_TEXT, natsOption } from "../nats-option.js";

/** The arguments do not say what to do: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface Call {
  readonly registry: JourneyRegistry;
  readonly nc: NatsConnection;
  /** Segue's, of the installation that is asked. */
  readonly clock: Clock;
  /** The folder that is checked against. */
  readonly definitions: string;
  readonly around: () => Surroundings;
  readonly who: By;
  readonly positionals: readonly string[];
  /** Value of an option of the command's own, when it was given. */
  option(name: string): string | undefined;
  /** Values of one that may be repeated. */
  options(name: string): readonly string[];
  flag(name: string): boolean;
}

/** What became of it. */
export type Outcome =
  | { readonly kind: "changed"; readonly now: ReleaseRecord | Controls; readonly record: GovernanceRecord }
  | { readonly kind: "unchanged"; readonly now: ReleaseRecord | Controls; readonly detail: string }
  | Refused;

export interface GovernanceCommand {
  readonly name: string;
  readonly summary: string;
  /** Lines of usage, without `segue <name>`. */
  readonly usage: readonly string[];
  readonly text: string;
  readonly options?: ParseArgsOptionsConfig;
  /** It checks a definition against what is around it. */
  readonly checks?: boolean;
  /** Help for the options of its own. */
  readonly optionsText?: string;
  act(call: Call): Promise<Outcome>;
  /** What was done, for people. */
  told(outcome: Extract<Outcome, { kind: "changed" }>, clock: Clock): string;
}

const COMMON = {
  as: { type: "string" },
  why: { type: "string" },
  nats: natsOption,
  definitions: { type: "string", default: "." },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

const COMMON_TEXT = `  --as <name>          who you are; it goes on record (nothing checks it yet: Segue has no sign-in so far)
  --why <text>         why; it goes on record
  --nats <url>         ${NATS_DEFAULT_TEXT}
  --json               one JSON document on stdout
`;
const CHECKS_TEXT = `  --definitions <dir>  folder with catalogue/ and policies/, to check against (default .)
`;

export function governanceCommand(spec: GovernanceCommand): Command {
  const help = `${spec.usage.map((u) => `segue ${spec.name} ${u} --as <name> --why <text>`).join("\n")}

${spec.text.trim().replace(/^/gm, "  ")}

${spec.optionsText ?? ""}${spec.checks === true ? CHECKS_TEXT : ""}${COMMON_TEXT}
  Exit status: 0 done (or nothing to do), 1 refused or not reachable, 2 not understood.
`;
  return { summary: spec.summary, help, run: (args) => run(spec, help, args) };
}

async function run(spec: GovernanceCommand, help: string, args: readonly string[]): Promise<number> {
  let json = false;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...COMMON, ...spec.options },
    });
    if (values.help === true) {
      process.stdout.write(help);
      return 0;
    }
    json = values.json === true;
    const { nats, definitions } = values;
    const who = { by: required(values.as, "--as <name>"), why: required(values.why, "--why <text>") };
    const around = once(() => readCheckedSurroundings(definitions));
    const clock = clockAt(nats);
    const outcome = await withRegistry(nats, around, (registry, nc) =>
      spec.act({
        registry,
        nc,
        clock,
        definitions,
        around,
        who,
        positionals,
        option: (name) => {
          const value: unknown = Reflect.get(values, name);
          return typeof value === "string" ? value : undefined;
        },
        options: (name) => {
          const value: unknown = Reflect.get(values, name);
          return Array.isArray(value) ? value.filter((v) => typeof v === "string") : [];
        },
        flag: (name) => Reflect.get(values, name) === true,
      }),
    );
    return answer(spec, outcome, clock, json);
  } catch (error) {
    const usage = error instanceof UsageError || isParseArgsError(error);
    const message = (error as Error).message;
    if (json) process.stdout.write(`${JSON.stringify({ status: "failed", detail: message })}\n`);
    else process.stderr.write(`segue ${spec.name}: ${message}\n${usage ? `\n${help}` : ""}`);
    return usage ? 2 : 1;
  }
}

function answer(spec: GovernanceCommand, outcome: Outcome, clock: Clock, json: boolean): number {
  if (json) {
    const { kind: status, ...rest } = outcome;
    process.stdout.write(`${JSON.stringify({ status, ...rest }, null, 2)}\n`);
  } else if (outcome.kind === "refused") {
    const problems = (outcome.problems ?? []).map((p) => `  ${p}\n`).join("");
    process.stderr.write(`${coloured("red", "refused", process.stderr)}: ${outcome.detail}\n${problems}`);
  } else {
    const text =
      outcome.kind === "unchanged" ? `nothing to do: ${outcome.detail}` : spec.told(outcome, clock);
    process.stdout.write(`${coloured("green", "✓", process.stdout)} ${text}\n`);
  }
  return outcome.kind === "refused" ? 1 : 0;
}

/** Connects, does it, and closes. */
export async function withRegistry<T>(
  nats: string,
  around: () => Surroundings,
  act: (registry: JourneyRegistry, nc: NatsConnection) => Promise<T>,
): Promise<T> {
  const nc = await connectNats({ url: nats, name: "segue", waitOnFirstConnect: false }).catch(
    (error: Error) => {
      throw new Error(`${nats}: ${error.message}`, { cause: error });
    },
  );
  try {
    return await act(
      new JourneyRegistry({
        bucket: new DefinitionsBucket(nc),
        clock: clockAt(nats),
        check: checkAgainst(around),
      }),
      nc,
    );
  } finally {
    await nc.close();
  }
}

/** The only positional argument: a journey's id. */
export function journeyOf({ positionals }: Pick<Call, "positionals">): string {
  const [journey] = positionals;
  if (positionals.length !== 1 || journey === undefined) throw new UsageError("name one journey");
  return journey;
}

export function wholeNumber(text: string | undefined, name: string, max?: number): number {
  const n = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || n < 1 || n > (max ?? Number.MAX_SAFE_INTEGER))
    throw new UsageError(
      `${name} takes a whole number${max === undefined ? " from 1" : ` from 1 to ${max}`}`,
    );
  return n;
}

export function coloured(
  format: Parameters<typeof styleText>[0],
  text: string,
  stream: NodeJS.WriteStream,
): string {
  return styleText(format, text, { stream });
}

function required(value: unknown, name: string): string {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw new UsageError(`${name} is missing`);
}

function isParseArgsError(error: unknown): boolean {
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
