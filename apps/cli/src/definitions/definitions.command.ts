/** `segue definitions`: which catalogues and policy packs are in force, who published them, what waits. */
import { parseArgs } from "node:util";
import { parsePublishedName, PUBLISHED_KINDS } from "#contracts";
import type { NatsConnection } from "@nats-io/nats-core";
import { commonOptions, runWithNats, WrongArguments } from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { publicationsOf, type Publications } from "../governance/publications.js";
import { releasesText, summary, tellStory } from "../governance/release-story.js";
import { limitsText, limitsUsed } from "./limits-used.js";
import { clockAt, NATS_DEFAULT_TEXT } from "../nats-option.js";

const HELP = `segue definitions [catalogue/<id> | policy/<id>] [--json] [--nats <url>]

  Lists the catalogues and policy packs: which version is in force, from when the next one is, who wrote and who
  published it, and what waits for somebody to publish it. With a name: every change that was made to it, whether the
  chain of these records is whole, and how much of its quotas and budgets is used. segue propose, publish and rollback change them; segue journeys lists journeys.
  --nats <url>  ${NATS_DEFAULT_TEXT}
  --json        one JSON document on stdout

  Exit status: 0 listed, 1 there is no such definition, its chain is broken, or not reachable, 2 not understood.
`;

export const definitionsCommand: Command = {
  summary:
    "list catalogues and policy packs: the version in force, who published it, what waits for approval",
  help: HELP,
  run: (args) =>
    runWithNats("definitions", HELP, () => {
      const { values, positionals } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: commonOptions,
      });
      if (values.help) return "help";
      if (positionals.length > 1) throw new WrongArguments("name one definition, or none");
      const { nats, json } = values;
      const [name] = positionals;
      if (name !== undefined && !parsePublishedName(name))
        throw new WrongArguments(`${JSON.stringify(name)}: write catalogue/<id> or policy/<id>`);
      return {
        nats,
        run: (nc) => {
          const clock = clockAt(nats);
          const publications = publicationsOf(nc, clock, ".");
          const now = clock.now();
          return name === undefined ? list(publications, now, json) : one(publications, nc, name, now, json);
        },
      };
    }),
};

async function list(publications: Publications, now: number, json: boolean): Promise<number> {
  const releases = (await Promise.all(PUBLISHED_KINDS.map((kind) => publications[kind].releases()))).flat();
  if (json)
    process.stdout.write(
      `${JSON.stringify({ definitions: releases.map((r) => summary(r, now)) }, null, 2)}\n`,
    );
  else
    process.stdout.write(
      releases.length > 0
        ? releasesText(releases, now)
        : "no catalogue and no policy pack is published yet\n",
    );
  return 0;
}

async function one(
  publications: Publications,
  nc: NatsConnection,
  name: string,
  now: number,
  json: boolean,
): Promise<number> {
  const { kind, id } = parsePublishedName(name)!;
  const release = await publications[kind].release(id);
  if (!release) {
    process.stderr.write(`segue definitions: there is no ${name}; segue definitions lists them\n`);
    return 1;
  }
  const version = release.live.find((l) => l.from <= now)?.version;
  const inForce =
    kind === "catalogue" && version !== undefined
      ? await publications.catalogue.definition(id, version)
      : undefined;
  const limits = inForce ? await limitsUsed(nc, inForce, now) : [];
  const status = tellStory(release, await publications[kind].history(id), now, json, { limits });
  if (!json) process.stdout.write(limitsText(limits));
  return status;
}
