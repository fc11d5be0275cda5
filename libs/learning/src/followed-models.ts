/** What models have learned, as it is now: follows the bucket `models`. */
import { Kvm, KvWatchInclude, type KvEntry } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { modelKeys, type Channel, type ModelDefinition } from "#contracts";
import type { Arm, LiveModel, LiveModels } from "#domain";
import { onReconnect } from "#messaging";
import { learningDigest } from "./learning-digest.js";
import { readArm } from "./model-store.js";

export interface FollowedModels {
  readonly live: LiveModels;
  stop(): void;
}

interface Known {
  readonly arm: Arm | undefined;
  readonly revision: number;
}

/** Resolves once what is stored has been read. An arm that cannot be read counts as one that has learned nothing, and is told. */
export async function followModels(
  nc: NatsConnection,
  definitions: readonly ModelDefinition[],
  failed: (error: Error) => void,
): Promise<FollowedModels> {
  const known = new Map<string, Known>();
  const live = new Map(
    definitions.map((definition): [string, LiveModel] => {
      const digest = learningDigest(definition);
      const arm = (action: string, channel: Channel): Arm | undefined =>
        known.get(modelKeys.arm(definition.id, digest, action, channel))?.arm;
      return [definition.id, { definition, arm }];
    }),
  );
  if (!definitions.some((d) => d.source === undefined)) return { live, stop: () => undefined };
  const take = (entry: KvEntry): void => {
    // The first reading and the watch may tell of the same key, in either order.
    if ((known.get(entry.key)?.revision ?? 0) >= entry.revision) return;
    let arm: Arm | undefined;
    try {
      if (entry.operation === "PUT") arm = readArm(entry.key, entry.string());
    } catch (error) {
      failed(error as Error);
    }
    known.set(entry.key, { arm, revision: entry.revision });
  };
  const kv = await new Kvm(nc).open("models");
  const watch = await kv.watch({ key: modelKeys.arms, include: KvWatchInclude.UpdatesOnly });
  void (async () => {
    for await (const entry of watch) take(entry);
  })().catch(failed);
  const readAll = async (): Promise<void> => {
    const keys: string[] = [];
    for await (const key of await kv.keys(modelKeys.arms)) keys.push(key);
    for (const key of keys) {
      const entry = await kv.get(key);
      if (entry) take(entry);
    }
  };
  await readAll();
  // What was learned while the connection was away.
  const forget = onReconnect(nc, () => void readAll().catch(failed));
  return {
    live,
    stop: () => {
      forget();
      watch.stop();
    },
  };
}
