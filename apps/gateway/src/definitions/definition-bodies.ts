/** Bodies of the routes of catalogues and policy packs. */
import { z } from "zod";
import { catalogueV1, governanceRecordV1, policyPackV1 } from "#contracts";
import { changeBodyV1, proposeBodyV1, releaseViewV1, rollbackBodyV1 } from "../journeys/governance-bodies.js";

const version = z.number().int().positive();

/** For the API's document. */
export const proposeDefinitionDocument = proposeBodyV1
  .extend({ definition: z.union([catalogueV1, policyPackV1]) })
  .meta({ id: "DefinitionProposal" });

export const publishDefinitionV1 = changeBodyV1
  .extend({
    version,
    /** When it takes effect, ISO 8601 with its zone; at once without it. */
    from: z.iso.datetime({ offset: true }).optional(),
  })
  .meta({ id: "DefinitionPublication" });
export const rollbackDefinitionV1 = rollbackBodyV1;

export const definitionsViewV1 = z
  .object({ definitions: z.array(releaseViewV1) })
  .meta({ id: "DefinitionReleases" });
export const definitionStoryV1 = z
  .object({
    release: releaseViewV1,
    /** Of the versions that are in force, will be, or are proposed. */
    definitions: z.array(z.union([catalogueV1, policyPackV1])),
    /** Every change, oldest first. */
    history: z.array(governanceRecordV1),
    /** What is wrong with the chain of these records; empty when nothing is. */
    chain: z.array(z.string()),
  })
  .meta({ id: "DefinitionStory" });
