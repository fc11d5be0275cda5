/**
 * Customers and cards whose fate is known beforehand, as real sandboxes have them: for demonstrations and tests.
 *
 * A customer `scenario-…` gets everything at once and does nothing of their own accord; `.<channel>-<fault>` cannot stand in an id,
 * so a fault is written `__sms-reject` (any number of them). A card `test-approve…` is approved by every acquirer,
 * `test-only-<acquirer>…` by that one alone, `test-decline…` by none, and of `test-stop…` the issuer says: do not try again.
 */
import { channelV1, type Channel } from "#contracts";
import type { SendOrder } from "../provider.port.js";
import { SANDBOX_FAULTS, type SandboxFault } from "./sandbox-behaviour.js";

export const SCENARIO_CUSTOMER = "scenario-";

/** What happens to an order instead of what the profile would draw. */
export interface TestCase {
  readonly fault: SandboxFault;
  /** Of a refusal. */
  readonly reason?: string;
  readonly result?: Record<string, unknown>;
}

export function testCaseOf(
  order: Pick<SendOrder, "customerId" | "channel" | "command">,
): TestCase | undefined {
  const ofCard = cardCase(order.command.event.data["cardId"], order.command.parameters);
  if (ofCard) return ofCard;
  if (!order.customerId.startsWith(SCENARIO_CUSTOMER)) return undefined;
  return { fault: faultsOf(order.customerId).get(order.channel) ?? "deliver" };
}

function faultsOf(customerId: string): ReadonlyMap<Channel, SandboxFault> {
  const faults = new Map<Channel, SandboxFault>();
  for (const [, name, text] of customerId.matchAll(/__([a-z]+)-([a-z]+)/g)) {
    const channel = channelV1.safeParse(name).data;
    const fault = SANDBOX_FAULTS.find((f) => f === text);
    if (channel && fault) faults.set(channel, fault);
  }
  return faults;
}

function cardCase(cardId: unknown, parameters: Readonly<Record<string, unknown>>): TestCase | undefined {
  const { acquirer } = parameters;
  if (typeof cardId !== "string" || !cardId.startsWith("test-") || typeof acquirer !== "string")
    return undefined;
  const declined = (responseCode: string): TestCase => ({
    fault: "reject",
    reason: "declined",
    result: { acquirer, responseCode },
  });
  if (cardId.startsWith("test-stop")) return declined("43");
  if (cardId.startsWith("test-decline")) return declined("05");
  const only = cardId.startsWith("test-only-") && !cardId.startsWith(`test-only-${acquirer}`);
  return only ? declined("05") : { fault: "deliver" };
}
