/**
 * Who changed what is live, when and why. Each change of a release (and of the kill switch) is one record of
 * a hash chain of its own in AUDIT; the newest record stands in the changed record of the `definitions` bucket as well,
 * written with it in one compare-and-set, so that no change is without its record.
 */
import { z } from "zod";
import { channelV1 } from "./channel.v1.js";
import { controlsV1, journeyReleaseV1, liveVersionV1, migrationV1 } from "./release.v1.js";

/** What the kill switch stops. */
export const stopTargetV1 = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("all") }),
    z.object({ kind: z.literal("channel"), channel: channelV1 }),
    z.object({ kind: z.literal("journey"), journey: z.string() }),
  ])
  .meta({ id: "StopTarget" });
export type StopTarget = z.infer<typeof stopTargetV1>;

const version = z.number().int().positive();
/** SHA-256 (hex) of the definition as it is stored. */
const digest = z.string();

export const governanceChangeV1 = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("proposed"), version, digest }),
  z.object({
    kind: z.literal("published"),
    version,
    digest,
    author: z.string(),
    live: liveVersionV1,
    /** Whether the gate of simulation judged it. */
    gate: z.enum(["kept", "not-asked"]),
  }),
  z.object({ kind: z.literal("widened"), version, before: liveVersionV1, live: liveVersionV1 }),
  /** `to`: the version that is first in line again. */
  z.object({ kind: z.literal("rolled-back"), version, to: version }),
  z.object({ kind: z.literal("paused") }),
  z.object({ kind: z.literal("resumed") }),
  z.object({ kind: z.literal("stopped") }),
  z.object({ kind: z.literal("migrated"), migration: migrationV1 }),
  z.object({ kind: z.literal("sends-stopped"), target: stopTargetV1 }),
  z.object({ kind: z.literal("sends-released"), target: stopTargetV1 }),
]);
export type GovernanceChange = z.infer<typeof governanceChangeV1>;

/**
 * A message of AUDIT on `audit.journey.<id>`, `audit.catalogue.<id>`, `audit.policy.<id>` or `audit.control`. `hash` is SHA-256 (hex) over the JSON of the record
 * without `hash`, keys in the order given here; `prev` is the hash of record n-1 (empty for the first).
 */
export const governanceRecordV1 = z
  .object({
    v: z.literal(1),
    /** The journey's id, the `publishedName` of a catalogue or policy pack, or `""` for the kill switch. */
    journey: z.string(),
    /** Equals the revision of the record that it changed. */
    n: z.number().int().positive(),
    prev: z.string(),
    hash: z.string(),
    /** Segue's clock, epoch ms. */
    at: z.number(),
    by: z.string(),
    why: z.string(),
    change: governanceChangeV1,
  })
  .meta({ id: "GovernanceRecord" });
export type GovernanceRecord = z.infer<typeof governanceRecordV1>;

/** Who wrote and who approved a version. Without `approver` it is a proposal (key `proposal.<id>.<version>`). */
export const versionRecordV1 = z.object({
  version,
  digest,
  author: z.string(),
  proposedAt: z.number(),
  why: z.string(),
  approver: z.string().optional(),
  publishedAt: z.number().optional(),
});
export type VersionRecord = z.infer<typeof versionRecordV1>;

/** The whole of `release.<id>`; who only runs journeys reads it as a `JourneyRelease`. */
export const releaseRecordV1 = journeyReleaseV1
  .extend({
    /** People have changed what is live: from then on the files of a build only propose. */
    governed: z.boolean(),
    /** Oldest first. */
    versions: z.array(versionRecordV1),
    head: governanceRecordV1,
  })
  .meta({ id: "ReleaseRecord" });
export type ReleaseRecord = z.infer<typeof releaseRecordV1>;

/** The whole of `control`. */
export const controlsRecordV1 = controlsV1
  .extend({ head: governanceRecordV1 })
  .meta({ id: "ControlsRecord" });
export type ControlsRecord = z.infer<typeof controlsRecordV1>;

/** Who publishes what ships with a build. */
export const INSTALLATION = "installation";
