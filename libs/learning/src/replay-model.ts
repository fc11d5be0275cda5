/** Learns everything again from AUDIT, in memory, and compares: the same outcomes give the same bytes. */
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Channel, ModelDefinition } from "#contracts";
import { textDigest } from "#definitions";
import { emptyArm, taughtBy, type Arm, type Expressions } from "#domain";
import type { ModelStore } from "./model-store.js";
import { positionAtStart, SettledOrders } from "./settled-orders.js";

export interface ArmReplay {
  readonly action: string;
  readonly channel: Channel;
  readonly learned: number;
  /** Of what is stored, and of what was computed. */
  readonly stored: string;
  readonly computed: string;
  readonly same: boolean;
}

/** Every stored arm, learned again up to where it stands. */
export async function replayModel(
  nc: NatsConnection,
  definition: ModelDefinition,
  store: Pick<ModelStore, "arms">,
  expressions: Expressions,
): Promise<readonly ArmReplay[]> {
  const { direct } = await jetstreamManager(nc, { checkAPI: false });
  const stored = new Map(store.arms.map((arm) => [`${arm.action}/${arm.channel}`, arm]));
  const computed = new Map<string, Arm>();
  const last = Math.max(0, ...store.arms.map((arm) => arm.upTo));
  const orders = new SettledOrders(direct, definition, expressions, positionAtStart(definition.id));
  const keyOf = ({ action, channel }: Pick<Arm, "action" | "channel">): string => `${action}/${channel}`;
  for (;;) {
    const batch = await orders.next();
    const known = (batch?.orders ?? []).filter((o) => o.seq <= (stored.get(keyOf(o))?.upTo ?? 0));
    const taught = taughtBy(known, (action, channel) => {
      const key = keyOf({ action, channel });
      return computed.get(key) ?? emptyArm(definition, action, channel, stored.get(key)!.prior);
    });
    for (const { after } of taught) computed.set(keyOf(after), after);
    if (!batch || batch.position.settled >= last) break;
  }
  return [...stored].map(([key, arm]) => {
    const again = computed.get(key);
    const [before, after] = [digestOf(arm), again ? digestOf(again) : ""];
    const { action, channel, learned } = arm;
    return { action, channel, learned, stored: before, computed: after, same: before === after };
  });
}

/** Names the bytes of an arm. */
export function digestOf(arm: Arm): string {
  return textDigest(JSON.stringify(arm));
}
