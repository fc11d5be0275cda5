/** Bodies of the routes that change what is live. */
import { z } from "zod";
import { controlsV1, governanceRecordV1, journeyV1, releaseRecordV1, stopTargetV1 } from "#contracts";

const who = {
  /** Who does it; goes on record. Nothing checks it yet: Segue has no sign-in so far. */
  by: z.string().trim().min(1).max(64),
  why: z.string().trim().min(1).max(500),
};
const change = {
  ...who,
  /** Only when the release still has this revision. */
  expectRevision: z.number().int().nonnegative().optional(),
};
const version = z.number().int().positive();

/** The definition is checked apart, so that what is wrong with it is told as `segue validate` does. */
export const proposeBodyV1 = z.strictObject({ ...who, definition: z.unknown() });
/** For the API's document. */
export const proposeBodyDocument = z.strictObject({ ...who, definition: journeyV1 }).meta({ id: "Proposal" });

export const changeBodyV1 = z.strictObject(change).meta({ id: "JourneyChange" });
export const publishBodyV1 = z
  .strictObject({
    ...change,
    version,
    percent: z.number().int().min(1).max(100).optional(),
    /** When it takes effect, ISO 8601 with its zone; at once without it. */
    from: z.iso.datetime({ offset: true }).optional(),
  })
  .meta({ id: "Publication" });
export const rollbackBodyV1 = z
  .strictObject({ ...change, version: version.optional() })
  .meta({ id: "Rollback" });
export const migrateBodyV1 = z
  .strictObject({ ...change, from: version, to: version, steps: z.record(z.string(), z.string()) })
  .meta({ id: "MigrationRequest" });
export const stopBodyV1 = z.strictObject({ ...who, target: stopTargetV1 }).meta({ id: "StopRequest" });

const shares = z.array(z.object({ version, percent: z.number() }));

/** A release with the share of the customers that each version takes now. */
export const releaseViewV1 = releaseRecordV1.extend({ shares }).meta({ id: "Release" });
export const releasesViewV1 = z
  .object({ journeys: z.array(releaseViewV1), controls: controlsV1 })
  .meta({ id: "Releases" });
export const releaseStoryV1 = z
  .object({
    release: releaseViewV1,
    /** Of the versions that are live or proposed. */
    definitions: z.array(journeyV1),
    /** Every change, oldest first. */
    history: z.array(governanceRecordV1),
    /** What is wrong with the chain of these records; empty when nothing is. */
    chain: z.array(z.string()),
  })
  .meta({ id: "ReleaseStory" });
export const releaseAnswerV1 = z
  .object({ status: z.enum(["changed", "unchanged"]), detail: z.string().optional(), release: releaseViewV1 })
  .meta({ id: "ReleaseAnswer" });
export const controlsAnswerV1 = z
  .object({ status: z.enum(["changed", "unchanged"]), detail: z.string().optional(), controls: controlsV1 })
  .meta({ id: "ControlsAnswer" });
