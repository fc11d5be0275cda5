/** How long policy takes for a verdict, one call after the other: many candidates on three channels, counted and reserved. */
import { evaluateRunReplyV1, rpc, type Channel, type EvaluateRequest } from "#contracts";
import { RpcClient } from "#messaging";
import { profileOfCustomer } from "../customers.js";
import { Histogram, type LatencySummary } from "../histogram.js";
import type { Installation } from "../installation.js";
import { RunFailed } from "../throughput.js";

export interface VerdictFigures extends LatencySummary {
  readonly candidates: number;
  readonly channels: number;
}

const CHANNELS: readonly Channel[] = ["push", "sms", "email"];
const NOON = Date.parse("2026-07-01T12:00:00Z");
const TIMEOUT_MS = 5_000;

/** Throws RunFailed when nothing was ever permitted: then nothing was counted. */
export async function measureVerdicts(
  system: Installation,
  candidates: number,
  calls: number,
): Promise<VerdictFigures> {
  const nc = await system.connect("bench-verdicts");
  const client = new RpcClient(nc);
  const histogram = new Histogram();
  let reserved = 0;
  const warmUp = calls / 4;
  for (let n = -warmUp; n < calls; n++) {
    const start = performance.now();
    const answer = await client.call(
      rpc.evaluate,
      { requests: [requestOf(n + warmUp, candidates)] },
      { timeoutMs: TIMEOUT_MS },
    );
    if (n >= 0) histogram.record((performance.now() - start) * 1_000);
    if (evaluateRunReplyV1.parse(answer).replies[0]!.chosen) reserved++;
  }
  await nc.close();
  if (reserved === 0) throw new RunFailed(["policy permitted nothing"]);
  return { candidates, channels: CHANNELS.length, ...histogram.summary() };
}

/** A hundred customers in turn, each some hours later than the time before. */
function requestOf(n: number, candidates: number): EvaluateRequest {
  const customerId = `verdict-${n % 100}`;
  return {
    decisionId: `${customerId}.${n}.0`,
    customerId,
    at: NOON + Math.floor(n / 100) * 5 * 3_600_000,
    options: Array.from({ length: candidates }, (_, i) => ({
      action: `offer-${i}`,
      purpose: i % 2 === 0 ? "marketing" : "service",
      channels: [...CHANNELS],
      urgent: false,
    })),
    journey: "w1",
    profile: profileOfCustomer(customerId),
    about: { event: `w1:e-${n}` },
  };
}
