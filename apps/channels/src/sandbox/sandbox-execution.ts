/** The execute channel of the sandbox: an acquirer or reward system that does what it is told, or not. */
import type { SendOrder } from "../provider.port.js";
import { drawFor } from "./sandbox-random.js";

const EXECUTORS = ["acquirer-b", "acquirer-c"] as const;

/** What the executor answers when it has done it. */
export function executed(seed: string): (order: SendOrder) => Record<string, unknown> {
  return (order) => {
    const draw = drawFor(seed, "executor", order.commandId, order.attempt);
    const drawn = EXECUTORS[Math.floor(draw.next() * EXECUTORS.length)];
    const { acquirer } = order.command.parameters;
    const executor = typeof acquirer === "string" ? acquirer : drawn;
    const reference = Math.floor(draw.next() * 0xffffffff)
      .toString(16)
      .padStart(8, "0");
    return { status: "succeeded", executor, reference };
  };
}
