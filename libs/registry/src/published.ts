/** Everything published, as those who run journeys read it, and followed as it changes. */
import { Kvm, KvWatchInclude } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  controlsV1,
  definitionKeys,
  journeyReleaseV1,
  journeyV1,
  NO_CONTROLS,
  type Controls,
  type JourneyDefinition,
  type JourneyRelease,
} from "#contracts";
import { onReconnect } from "#messaging";
import type { DefinitionsBucket } from "./definitions-bucket.js";

export interface Published {
  /** Every version that was ever published; instances may still run on it (I10). */
  readonly definitions: readonly JourneyDefinition[];
  readonly releases: readonly JourneyRelease[];
  readonly controls: Controls;
}

export async function readPublished(bucket: DefinitionsBucket): Promise<Published> {
  const [definitions, releases, controls] = await Promise.all([
    all(bucket, definitionKeys.journeys, (v) => journeyV1.parse(v)),
    all(bucket, definitionKeys.releases, (v) => journeyReleaseV1.parse(v)),
    bucket.get(definitionKeys.controls),
  ]);
  return {
    definitions,
    releases,
    controls: controls ? controlsV1.parse(JSON.parse(controls.text)) : NO_CONTROLS,
  };
}

async function all<T>(
  bucket: DefinitionsBucket,
  filter: string,
  parse: (value: unknown) => T,
): Promise<readonly T[]> {
  const entries = await Promise.all((await bucket.keys(filter)).map((key) => bucket.get(key)));
  return entries.flatMap((entry) => (entry ? [parse(JSON.parse(entry.text))] : []));
}

/**
 * Calls `changed` at once and after each change of what is published, until what it resolves with is called. Changes
 * that come while `changed` runs are told together afterwards; one that rejects is told again.
 */
export function followPublished(
  nc: NatsConnection,
  changed: () => Promise<void>,
  failed: (error: Error) => void,
): Promise<() => void> {
  const keys = [definitionKeys.journeys, definitionKeys.releases, definitionKeys.controls];
  return followKeys(nc, keys, changed, failed);
}

/** The same, of any keys of the bucket. */
export async function followKeys(
  nc: NatsConnection,
  keys: string[],
  changed: () => Promise<void>,
  failed: (error: Error) => void,
): Promise<() => void> {
  const kv = await new Kvm(nc).open("definitions");
  const watch = await kv.watch({
    key: keys,
    include: KvWatchInclude.UpdatesOnly,
  });
  let pending = false;
  let running = false;
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  const tell = async (): Promise<void> => {
    pending = true;
    if (running) return;
    running = true;
    while (pending && !stopped) {
      pending = false;
      try {
        await changed();
      } catch (error) {
        failed(error as Error);
        retry = setTimeout(() => void tell(), RETRY_MS);
      }
    }
    running = false;
  };
  // What came while the connection was away.
  const forget = onReconnect(nc, () => void tell());
  void (async () => {
    for await (const _entry of watch) void tell();
  })();
  // What came before the watch stood.
  void tell();
  return () => {
    stopped = true;
    clearTimeout(retry);
    forget();
    watch.stop();
  };
}

const RETRY_MS = 1_000;
