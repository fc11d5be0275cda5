/**
 * Identifiers. A customer id is opaque and safe as one NATS subject token; ids derived from it carry
 * the customer and the customer's own event count, so that what they name is found by reading that
 * customer's subject. They are deterministic: the same event applied again derives the same ids.
 */
import { z } from "zod";

const SAFE_TOKEN = /^[A-Za-z0-9_-]{1,64}$/;

export const customerIdV1 = z
  .string()
  .regex(SAFE_TOKEN, "a customer id is 1 to 64 characters of A-Z a-z 0-9 _ -")
  .meta({ id: "CustomerId", description: "Opaque customer id, one safe subject token" });

/** True for a string that may stand as one subject token (customer, instance, wait, channel, …). */
export function isSafeToken(text: string): boolean {
  return SAFE_TOKEN.test(text);
}

/** `<customer>.<n>.<k>`: k-th decision of the customer's n-th event, duplicates not counted. */
export function decisionId(customerId: string, applied: number, index: number): string {
  return `${customerId}.${applied}.${index}`;
}

const DECISION_ID = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.(\d{1,4})$/;

/** Parts of a decision id, or `undefined` when it is not one. */
export function parseDecisionId(
  id: string,
): { customerId: string; applied: number; index: number } | undefined {
  const m = DECISION_ID.exec(id);
  return m ? { customerId: m[1]!, applied: Number(m[2]), index: Number(m[3]) } : undefined;
}

/** The one command that a decision leads to. */
export function commandId(decision: string): string {
  return `${decision}.c`;
}

/** The decision behind a command. */
export function decisionOfCommand(command: string): string {
  return command.replace(/\.c$/, "");
}
