/** The bucket `models`: arms and positions, written by compare-and-set. */
import { Kvm, type KV } from "@nats-io/kv";
import { nuid, type NatsConnection } from "@nats-io/nats-core";
import {
  armV1,
  modelKeys,
  modelPositionV1,
  subjects,
  type Channel,
  type ModelDefinition,
  type ModelPosition,
} from "#contracts";
import type { Arm } from "#domain";
import { Publisher } from "#messaging";
import { learningDigest } from "./learning-digest.js";

const BUCKET = "models";
const GIVE_UP_AFTER_MS = 5_000;

/** Somebody else has written: what is in memory is of yesterday. */
export class ModelConflict extends Error {
  override readonly name = "ModelConflict";
}

/** A stored value, with the sequence that a change of it must name. */
interface Kept<T> {
  readonly value: T;
  readonly seq: number;
}

/** One model's part of the bucket, as it was read and then written by this process alone. */
export class ModelStore {
  readonly #digest: string;
  readonly #arms = new Map<string, Kept<Arm>>();
  #position: Kept<ModelPosition> | undefined;

  private constructor(
    private readonly definition: ModelDefinition,
    private readonly publisher: Publisher,
  ) {
    this.#digest = learningDigest(definition);
  }

  /** Reads everything of a model. Throws with what to do when something there cannot be read. */
  static async read(
    nc: NatsConnection,
    definition: ModelDefinition,
    publisher = new Publisher(nc),
  ): Promise<ModelStore> {
    const store = new ModelStore(definition, publisher);
    const kv = await new Kvm(nc).open(BUCKET);
    const position = await kv.get(modelKeys.position(definition.id, store.#digest));
    if (position?.operation === "PUT")
      store.#position = {
        value: parsed(modelPositionV1, position.key, position.string()),
        seq: position.revision,
      };
    for (const key of await keysOf(kv, modelKeys.armsOf(definition.id, store.#digest))) {
      const entry = await kv.get(key);
      if (entry?.operation === "PUT")
        store.#arms.set(key, { value: readArm(key, entry.string()), seq: entry.revision });
    }
    return store;
  }

  get position(): ModelPosition | undefined {
    return this.#position?.value;
  }

  get arms(): readonly Arm[] {
    return [...this.#arms.values()].map((a) => a.value);
  }

  arm(action: string, channel: Channel): Arm | undefined {
    return this.#arms.get(this.#key(action, channel))?.value;
  }

  /** Throws ModelConflict. */
  async putArm(arm: Arm): Promise<void> {
    const key = this.#key(arm.action, arm.channel);
    this.#arms.set(key, { value: arm, seq: await this.#put(key, arm, this.#arms.get(key)?.seq ?? 0) });
  }

  /** Throws ModelConflict. */
  async putPosition(position: ModelPosition): Promise<void> {
    const key = modelKeys.position(this.definition.id, this.#digest);
    this.#position = { value: position, seq: await this.#put(key, position, this.#position?.seq ?? 0) };
  }

  #key(action: string, channel: Channel): string {
    return modelKeys.arm(this.definition.id, this.#digest, action, channel);
  }

  async #put(key: string, value: Arm | ModelPosition, seq: number): Promise<number> {
    const result = await this.publisher.publish(subjects.model(key), JSON.stringify(value), {
      msgId: nuid.next(),
      expectLastSubjectSequence: seq,
      giveUpAfterMs: GIVE_UP_AFTER_MS,
    });
    if (result.kind === "conflict") throw new ModelConflict(`${key} was changed by another learner`);
    return result.seq;
  }
}

/** An arm as it is stored. Throws with what to do when it is none. */
export function readArm(key: string, text: string): Arm {
  // The library's part was written by it, and is its own business.
  return parsed(armV1, key, text) as unknown as Arm;
}

function parsed<T>(schema: { parse(value: unknown): T }, key: string, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(
      `${key} in the bucket ${BUCKET} cannot be read: delete it and the key ….position beside it, and it is learned again from AUDIT`,
      { cause },
    );
  }
}

async function keysOf(kv: KV, filter: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of await kv.keys(filter)) keys.push(key);
  return keys.sort();
}
