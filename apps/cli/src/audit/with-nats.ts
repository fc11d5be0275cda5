/** What commands that ask a nats-server have in common: arguments, help, the connection, faults in words. */
import type { NatsConnection } from "@nats-io/nats-core";
import { isSafeToken, parseDecisionId } from "#contracts";
import { connectNats } from "#messaging";
import { natsOption } from "../nats-option.js";

/** The arguments cannot be understood. */
export class WrongArguments extends Error {
  override readonly name = "WrongArguments";
}

export const commonOptions = {
  nats: natsOption,
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/**
 * Runs a command; answers the exit status. `parse` throws on what it does not understand, and answers `help` or what to
 * run with a connection.
 */
export async function runWithNats(
  name: string,
  help: string,
  parse: () => "help" | { readonly nats: string; readonly run: (nc: NatsConnection) => Promise<number> },
): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    process.stderr.write(`segue ${name}: ${(error as Error).message}\n\n${help}`);
    return 2;
  }
  if (parsed === "help") {
    process.stdout.write(help);
    return 0;
  }
  const { nats, run } = parsed;
  let nc: NatsConnection;
  try {
    nc = await connectNats({ url: nats, name: `segue ${name}`, waitOnFirstConnect: false });
  } catch (error) {
    process.stderr.write(`segue ${name}: ${nats}: ${(error as Error).message}\n`);
    return 1;
  }
  try {
    return await run(nc);
  } catch (error) {
    process.stderr.write(`segue ${name}: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await nc.close();
  }
}

/** Writes and waits until it is taken, so that a long output does not pile up in memory. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text))
    await new Promise<void>((resolve) => process.stdout.once("drain", () => resolve()));
}

export function writeJson(value: unknown): Promise<void> {
  return write(`${JSON.stringify(value, null, 2)}\n`);
}

/** The customer of an option; throws WrongArguments. */
export function customerOption(text: string): string {
  if (isSafeToken(text)) return text;
  throw new WrongArguments(`--customer ${text}: an id is 1 to 64 characters of A-Z a-z 0-9 _ -`);
}

/** The decision of an option; throws WrongArguments. */
export function decisionOption(text: string): string {
  if (parseDecisionId(text)) return text;
  throw new WrongArguments(`--decision ${text}: an id has the form <customer>.<event count>.<index>`);
}
