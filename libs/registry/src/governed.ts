/** What is published by two people: where its releases, proposals and versions stand in the bucket, and how they are read. */
import type { z } from "zod";
import {
  archiveKey,
  catalogueV1,
  definitionKeys,
  journeyV1,
  policyPackV1,
  publishedName,
  type CatalogueDefinition,
  type JourneyDefinition,
  type PolicyPackDefinition,
  type PublishedKind,
} from "#contracts";

export interface Governed<D extends { readonly id: string; readonly version: number }> {
  /** For people: `journey`. */
  readonly noun: string;
  /** The command that lists them. */
  readonly listedBy: string;
  readonly unknown: "unknown_journey" | "unknown_definition";
  readonly schema: z.ZodType<D>;
  /** What releases and records call it. */
  name(id: string): string;
  releaseKey(id: string): string;
  readonly releases: string;
  proposalKey(id: string, version: number): string;
  /** `digest`: SHA-256 (hex) of the text. */
  versionKey(id: string, version: number, digest: string): string;
}

export const JOURNEYS: Governed<JourneyDefinition> = {
  noun: "journey",
  listedBy: "segue journeys",
  unknown: "unknown_journey",
  schema: journeyV1,
  name: (id) => id,
  releaseKey: (id) => definitionKeys.release(id),
  releases: definitionKeys.releases,
  proposalKey: (id, version) => definitionKeys.proposal(id, version),
  versionKey: (id, version) => definitionKeys.journey(id, version),
};

export const CATALOGUES = inForceForAll<CatalogueDefinition>("catalogue", "catalogue", catalogueV1);
export const POLICY_PACKS = inForceForAll<PolicyPackDefinition>("policy", "policy pack", policyPackV1);

/** Their versions stand in the archive, under their content, where replays find them (I9). */
function inForceForAll<D extends { readonly id: string; readonly version: number }>(
  kind: PublishedKind,
  noun: string,
  schema: z.ZodType<D>,
): Governed<D> {
  return {
    noun,
    listedBy: "segue definitions",
    unknown: "unknown_definition",
    schema,
    name: (id) => publishedName(kind, id),
    releaseKey: (id) => definitionKeys.publication(kind, id),
    releases: definitionKeys.publications(kind),
    proposalKey: (id, version) => definitionKeys.publicationProposal(kind, id, version),
    versionKey: (id, version, digest) => archiveKey(kind, id, version, archiveDigest(digest)),
  };
}

/** The digest by which the archive names a text (`textDigest`), of its SHA-256 in hex. */
function archiveDigest(digest: string): string {
  return Buffer.from(digest, "hex").toString("base64url").slice(0, 24);
}
