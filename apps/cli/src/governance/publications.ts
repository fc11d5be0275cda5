/** The releases of catalogues and policy packs, as commands change them. */
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import { parsePublishedName, type CatalogueDefinition, type PolicyPackDefinition } from "#contracts";
import { CATALOGUES, checkAmong, DefinitionsBucket, POLICY_PACKS, ReleaseLog } from "#registry";
import type { Call } from "./governance-command.js";

export interface Publications {
  readonly catalogue: ReleaseLog<CatalogueDefinition>;
  readonly policy: ReleaseLog<PolicyPackDefinition>;
}

/** `definitions`: the folder among whose definitions they are checked. */
export function publicationsOf(nc: NatsConnection, clock: Clock, definitions: string): Publications {
  const ports = { bucket: new DefinitionsBucket(nc), clock, check: checkAmong(definitions) };
  return {
    catalogue: new ReleaseLog(CATALOGUES, ports),
    policy: new ReleaseLog(POLICY_PACKS, ports),
  };
}

type Changes = Pick<Publications[keyof Publications], "publish" | "rollback">;

/** The catalogue or policy pack that a command names as `<kind>/<id>`; `undefined` when it names a journey. */
export function publicationOf({
  positionals,
  nc,
  clock,
  definitions,
}: Pick<Call, "positionals" | "nc" | "clock" | "definitions">): { log: Changes; id: string } | undefined {
  const [name] = positionals;
  const named = positionals.length === 1 && name !== undefined ? parsePublishedName(name) : undefined;
  return named && { log: publicationsOf(nc, clock, definitions)[named.kind], id: named.id };
}
