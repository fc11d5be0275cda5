/**
 * What policy would answer about one action for one customer, and why. The policy service itself is asked, with the context
 * as it is committed: it judges and counts as for a decision, and reserves nothing (`preview`). When it would be permitted
 * is found by asking about later times.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import {
  contextV1,
  evaluateRunReplyV1,
  partitionOf,
  rpc,
  streamOf,
  subjects,
  type ActionDefinition,
  type Channel,
  type ChannelPermission,
  type Context,
  type EvaluateReply,
  type EvaluateRequest,
  type LegalSource,
  type Permissions,
  type PolicyPackDefinition,
  type Profile,
  type ReasonCode,
  type Verdict,
} from "#contracts";
import { emptyContext, limitsOf, rulesFor } from "#domain";
import type { RpcClient } from "#messaging";
import { CATALOGUES, DefinitionsBucket, POLICY_PACKS, readInForce } from "#registry";
import { lastOf } from "./stored-messages.js";
import { isoTime, words } from "./words.js";

export interface PermissionsQuestion {
  readonly customerId: string;
  readonly action: string;
  /** Epoch ms. */
  readonly at: number;
  /** Without it every channel on which the action can be said. */
  readonly channel?: Channel | undefined;
}

/** What was asked about is not in the catalogue that is in force, or not on that channel. */
export class NothingToSay extends Error {
  override readonly name = "NothingToSay";
}

const TIMEOUT_MS = 2_000;

/** Throws NothingToSay, and RpcUnavailable while no policy service answers. */
export async function permissionsOf(
  nc: NatsConnection,
  client: Pick<RpcClient, "call">,
  { customerId, action: id, at, channel }: PermissionsQuestion,
): Promise<Permissions> {
  const action = await actionInForce(nc, id, at);
  const channels = [...new Set(action.treatments.map((t) => t.channel))].filter(
    (c) => channel === undefined || c === channel,
  );
  if (channels.length === 0)
    throw new NothingToSay(
      `${id} has no text for ${channel}; it has ${action.treatments.map((t) => t.channel).join(", ")}`,
    );
  const context = await contextOf(nc, customerId);
  const request = requestOf(context, action, channels, at);
  const ask = async (asked: EvaluateRequest): Promise<EvaluateReply> => {
    const reply = await client.call(rpc.evaluate, { requests: [asked] }, { timeoutMs: TIMEOUT_MS });
    return evaluateRunReplyV1.parse(reply).replies[0]!;
  };
  const reply = await ask(request);
  const packs = await packsInForce(nc, at);
  const found: ChannelPermission[] = [];
  for (const c of channels) {
    const verdict = verdictOn(reply, c);
    const permittedAt = async (t: number): Promise<boolean> =>
      verdictOn(await ask({ ...only(request, c), at: t }), c).verdict === "permitted";
    const from = mayPass(verdict, context.profile)
      ? await firstTime(at, verdict.until, permittedAt)
      : undefined;
    found.push(permission(verdict, packs, from));
  }
  return {
    customerId,
    action: id,
    purpose: action.purpose,
    at: isoTime(at),
    permitted: found.some((c) => c.verdict === "permitted"),
    channels: found,
    packs: reply.packs,
  };
}

/** As the decision service asks about a decision, of no journey. */
function requestOf(
  context: Context,
  action: ActionDefinition,
  channels: Channel[],
  at: number,
): EvaluateRequest {
  const { customerId, profile, contacts, watermark, engagement } = context;
  return {
    decisionId: `${customerId}.preview`,
    customerId,
    at,
    options: [
      {
        action: action.id,
        purpose: action.purpose,
        channels,
        urgent: action.urgent,
        ...(action.quota || action.budget ? { limits: limitsOf(action) } : {}),
      },
    ],
    profile,
    contacted: contacts.length > 0,
    watermark,
    ...(engagement ? { engagement } : {}),
    preview: true,
  };
}

const only = (request: EvaluateRequest, channel: Channel): EvaluateRequest => ({
  ...request,
  options: [{ ...request.options[0]!, channels: [channel] }],
});

function verdictOn({ verdicts }: EvaluateReply, channel: Channel): Verdict {
  const verdict = verdicts.find((v) => v.channel === channel);
  if (!verdict) throw new Error(`policy gave no verdict on ${channel}`);
  return verdict;
}

/** Reasons that no time takes away: somebody has to change something. */
const LASTING: readonly ReasonCode[] = [
  "stopped",
  "policy_unavailable",
  "no_consent_record",
  "consent_refused",
];

/** A hold that has no end is lifted by a person. */
function mayPass({ verdict, reason }: Verdict, { holds }: Profile): boolean {
  if (verdict === "permitted" || LASTING.includes(reason)) return false;
  return !reason.startsWith("hold_") || holds.some((h) => h.until !== undefined);
}

const HOUR_MS = 3_600_000;
/** Looked ahead: hour by hour for three days, four times a day for 35, twice a day for a hundred. */
const STEPS = [...steps(1, 0, 3), ...steps(6, 3, 35), ...steps(12, 35, 100)];
/** Asked together. */
const TOGETHER = 24;

function steps(hours: number, fromDay: number, toDay: number): number[] {
  const n = ((toDay - fromDay) * 24) / hours;
  return Array.from({ length: n }, (_, i) => (fromDay * 24 + (i + 1) * hours) * HOUR_MS);
}

/** To the millisecond; `undefined` when none of the times looked at is one. `hint`: a time worth trying. */
async function firstTime(
  at: number,
  hint: number | undefined,
  permittedAt: (t: number) => Promise<boolean>,
): Promise<number | undefined> {
  const times = [at, ...STEPS.map((s) => at + s), ...(hint === undefined ? [] : [hint])].sort(
    (a, b) => a - b,
  );
  for (let i = 1; i < times.length; i += TOGETHER) {
    const answers = await Promise.all(times.slice(i, i + TOGETHER).map(permittedAt));
    const first = answers.indexOf(true);
    if (first >= 0) return bisected(times[i + first - 1]!, times[i + first]!, permittedAt);
  }
  return undefined;
}

/** Not permitted at `no`, permitted at `yes`: the first time between that is. */
async function bisected(
  no: number,
  yes: number,
  permittedAt: (t: number) => Promise<boolean>,
): Promise<number> {
  let [below, above] = [no, yes];
  while (above - below > 1) {
    const middle = below + Math.floor((above - below) / 2);
    if (await permittedAt(middle)) above = middle;
    else below = middle;
  }
  return above;
}

function permission(
  { channel, verdict, reason, rule, until }: Verdict,
  packs: readonly PolicyPackDefinition[],
  from: number | undefined,
): ChannelPermission {
  const source = rule === undefined ? undefined : sourceOf(rule, packs);
  return {
    channel,
    verdict,
    reason,
    means: words(reason),
    ...(rule === undefined ? {} : { rule }),
    ...(source === undefined ? {} : { source }),
    ...(from === undefined ? {} : { permittedFrom: isoTime(from) }),
    ...(until === undefined ? {} : { deferredUntil: isoTime(until) }),
  };
}

/** Where the rule at a path such as `us-marketing/marketing/quietHours` comes from: its own source, else the pack's. */
function sourceOf(rule: string, packs: readonly PolicyPackDefinition[]): string | undefined {
  const pack = packs.find((p) => rule.startsWith(`${p.id}/`));
  if (!pack) return undefined;
  for (const { purpose } of pack.rules)
    for (const placed of rulesFor([pack], purpose))
      if (`${rule}/`.startsWith(`${placed.path}/`)) return cited(placed.rule.source) ?? pack.source;
  return pack.source;
}

function cited(source: LegalSource | undefined): string | undefined {
  return source && `${source.citation}: ${source.says}`;
}

async function actionInForce(nc: NatsConnection, id: string, at: number): Promise<ActionDefinition> {
  const inForce = await readInForce(new DefinitionsBucket(nc), CATALOGUES);
  const now = inForce.findLast(({ from }) => from <= at) ?? inForce[0];
  for (const { actions } of now?.definitions ?? []) {
    const action = actions.find((a) => a.id === id);
    if (action) return action;
  }
  throw new NothingToSay(
    `there is no action ${JSON.stringify(id)} in the catalogues in force: ${(now?.definitions ?? []).map((d) => d.id).join(", ") || "none"}`,
  );
}

async function packsInForce(nc: NatsConnection, at: number): Promise<readonly PolicyPackDefinition[]> {
  const inForce = await readInForce(new DefinitionsBucket(nc), POLICY_PACKS);
  return (inForce.findLast(({ from }) => from <= at) ?? inForce[0])?.definitions ?? [];
}

/** As committed; of a customer of whom nothing was heard the empty one. */
async function contextOf(nc: NatsConnection, customerId: string): Promise<Context> {
  const stored = await lastOf(nc, streamOf("CTX", partitionOf(customerId)), subjects.ctx(customerId));
  return stored ? contextV1.parse(JSON.parse(stored.string())) : emptyContext(customerId);
}
