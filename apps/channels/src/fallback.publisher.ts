/** The next leg of a command's plan, ordered from the next channel. */
import { commandV1, partitionOf, streamOf, subjects, type Command } from "#contracts";
import type { Publisher } from "#messaging";
import type { CustomerLog } from "./customer-log.js";
import type { CommandOrigin } from "./outcome-log.js";

export class Fallback {
  readonly #log: CustomerLog;
  readonly #publisher: Publisher;

  constructor(log: CustomerLog, publisher: Publisher) {
    this.#log = log;
    this.#publisher = publisher;
  }

  /** The command for the leg after this one, or `undefined` when the plan is at its end. `at`: epoch ms, Segue's clock. */
  next(command: Command, reason: string, at: number): Command | undefined {
    const leg = command.plan[command.attempt];
    const attempt = command.attempt + 1;
    if (!leg || !command.plan[attempt]) return undefined;
    return { ...command, attempt, at, tried: [...command.tried, { channel: leg.channel, reason }] };
  }

  async order(next: Command, origin: CommandOrigin): Promise<void> {
    await this.#publisher.publish(subjectOf(next), JSON.stringify(next), {
      msgId: `${next.commandId}:${next.attempt}`,
      headers: origin.headers,
    });
  }

  /** True when the leg after this one has been ordered. */
  async isOrdered(command: Command, origin: CommandOrigin): Promise<boolean> {
    const attempt = command.attempt + 1;
    if (!command.plan[attempt]) return false;
    const subject = subjectOf({ ...command, attempt });
    const stream = streamOf("CMD", partitionOf(command.customerId));
    const last = await this.#log.last(stream, subject);
    const found = await this.#log.find(stream, subject, origin.sinceMs, last, (m) => {
      const other = commandV1.safeParse(safeJson(m));
      return other.data?.commandId === command.commandId && other.data.attempt === attempt ? true : undefined;
    });
    return found ?? false;
  }
}

function subjectOf(command: Command): string {
  return subjects.cmd(command.plan[command.attempt]!.channel, command.customerId);
}

function safeJson(m: { json(): unknown }): unknown {
  try {
    return m.json();
  } catch {
    return undefined;
  }
}
