/**
 * What is live of each journey, and what was stopped. Records of the `definitions` bucket, beside the versions
 * themselves (`journey.<id>.<version>`, immutable): `release.<id>` and `control`.
 */
import { z } from "zod";
import { channelV1 } from "./channel.v1.js";

/** A version that new customers enter. */
export const liveVersionV1 = z.object({
  version: z.number().int().positive(),
  /** Share of the customers that enter it, 1 to 100; a customer is always on the same side of it. */
  percent: z.number().int().min(1).max(100),
  /** From when on, Segue's clock, epoch ms. */
  from: z.number(),
});
export type LiveVersion = z.infer<typeof liveVersionV1>;

/** An explicit mapping of the steps of one version to those of another; steps that are not named stay behind. */
export const migrationV1 = z.object({
  from: z.number().int().positive(),
  to: z.number().int().positive(),
  steps: z.record(z.string(), z.string()),
});
export type Migration = z.infer<typeof migrationV1>;

/**
 * `live`, newest first: a customer enters the first one whose time has come and whose share holds them.
 * `paused`: open instances stand still and keep their remaining time; nobody enters. `stopped`: open instances end with
 * their next event or timer; nobody enters.
 */
export const journeyReleaseV1 = z
  .object({
    /** The journey's id, or the `publishedName` of a catalogue or policy pack. */
    journey: z.string(),
    /** Counts the changes of this record. */
    revision: z.number().int().positive(),
    state: z.enum(["live", "paused", "stopped"]),
    live: z.array(liveVersionV1),
    /** Versions that were rolled back: their running instances follow the version's own `onRollback`. */
    rolledBack: z.array(z.number().int().positive()),
    migrations: z.array(migrationV1),
  })
  .meta({ id: "JourneyRelease" });
export type JourneyRelease = z.infer<typeof journeyReleaseV1>;

/** The kill switch: what may not be sent, whoever asks (I7). */
export const controlsV1 = z
  .object({
    revision: z.number().int().nonnegative(),
    all: z.boolean(),
    channels: z.array(channelV1),
    /** Nothing of these journeys is sent any more. */
    journeys: z.array(z.string()),
  })
  .meta({ id: "Controls" });
export type Controls = z.infer<typeof controlsV1>;

export const NO_CONTROLS: Controls = { revision: 0, all: false, channels: [], journeys: [] };

/** Keys in the `definitions` bucket. */
export const definitionKeys = {
  journey: (id: string, version: number): string => `journey.${id}.${version}`,
  /** A version that nobody has approved yet. */
  proposal: (id: string, version: number): string => `proposal.${id}.${version}`,
  journeys: "journey.>",
  release: (id: string): string => `release.${id}`,
  releases: "release.>",
  controls: "control",
  /** Of a catalogue or policy pack; its versions stand in the archive (`archiveKey`). */
  publication: (kind: PublishedKind, id: string): string => `published.${kind}.${id}`,
  publications: (kind: PublishedKind): string => `published.${kind}.*`,
  publicationProposal: (kind: PublishedKind, id: string, version: number): string =>
    `proposed.${kind}.${id}.${version}`,
} as const;

/** What is published as journeys are, and is in force for all customers. */
export const PUBLISHED_KINDS = ["catalogue", "policy"] as const;
export type PublishedKind = (typeof PUBLISHED_KINDS)[number];

/** How releases, chains and commands call it; a journey is called by its id alone. */
export function publishedName(kind: PublishedKind, id: string): string {
  return `${kind}/${id}`;
}

/** Kind and id of such a name; `undefined` when it is none. */
export function parsePublishedName(name: string): { kind: PublishedKind; id: string } | undefined {
  const [prefix, id, ...more] = name.split("/");
  const kind = PUBLISHED_KINDS.find((k) => k === prefix);
  return kind && id && more.length === 0 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(id) && id.length <= 48
    ? { kind, id }
    : undefined;
}
