/**
 * Published journey versions in the `definitions` bucket. A version is immutable: the files of this build are
 * published at start; versions that only the bucket still has keep running for the instances that began on
 * them (I10).
 */
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { journeyV1, type JourneyDefinition } from "#contracts";

const PREFIX = "journey.";

/** Publishes the files' versions and returns every published one. Throws when a published version was changed. */
export async function publishJourneys(
  nc: NatsConnection,
  files: readonly JourneyDefinition[],
): Promise<JourneyDefinition[]> {
  const kv = await new Kvm(nc).open("definitions");
  const all = new Map<string, JourneyDefinition>();
  for (const file of files) {
    const key = `${PREFIX}${file.id}.${file.version}`;
    const text = JSON.stringify(file);
    const stored = (await kv.get(key))?.string() ?? (await createOrRead());
    if (stored !== text) {
      throw new Error(
        `journey ${file.id} version ${file.version} is published already with another content: published versions are immutable. Give the changed file in journeys/ the next version number (a trial installation may begin anew instead: npm start -- --fresh)`,
      );
    }
    all.set(key, file);

    async function createOrRead(): Promise<string> {
      try {
        await kv.create(key, text);
        return text;
      } catch (error) {
        const other = await kv.get(key);
        if (!other) throw error;
        return other.string();
      }
    }
  }
  for await (const key of await kv.keys(`${PREFIX}>`)) {
    if (all.has(key)) continue;
    const entry = await kv.get(key);
    if (entry) all.set(key, journeyV1.parse(entry.json()));
  }
  return [...all.values()];
}
