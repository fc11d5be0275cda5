/** Catalogues that a service works with: what ships, what people publish, and what another build has stored. */
import { z } from "zod";
import { wallClock } from "#clock";
import { catalogueV1, type CatalogueDefinition } from "#contracts";
import { definitionDigest } from "#definitions";
import { eventually, startServers, type TestServers } from "#testing";
import {
  CATALOGUES,
  DefinitionsBucket,
  installDefinitions,
  publishedFiles,
  ReleaseLog,
  type Timed,
} from "./index.js";

const HOUR = 3_600_000;
const plain = (version: number, value = version) => ({
  kind: "Catalogue",
  id: "test",
  version,
  description: "d",
  actions: [
    {
      id: "a",
      description: "d",
      purpose: "service",
      value,
      treatments: [{ channel: "push", title: "t", body: "b" }],
    },
  ],
});
const catalogue = (version: number, value?: number): CatalogueDefinition =>
  catalogueV1.parse(plain(version, value));

describe("published files, on real NATS", () => {
  let servers: TestServers;
  let bucket: DefinitionsBucket;
  const stops: (() => void)[] = [];
  const said: string[] = [];
  beforeAll(async () => {
    servers = await startServers();
    bucket = new DefinitionsBucket(servers.nc);
  });
  afterAll(async () => {
    for (const stop of stops) stop();
    await servers.stop();
  });

  async function start(files: CatalogueDefinition[]): Promise<Timed<readonly CatalogueDefinition[]>> {
    const log = {
      info: (_: object, message: string) => void said.push(message),
      warn: (_: object, message: string) => void said.push(message),
    };
    const published = await publishedFiles(
      { nc: servers.nc, clock: wallClock, of: CATALOGUES, files, log },
      (definitions) => definitions,
    );
    stops.push(() => published.stop());
    return published;
  }

  it("takes a file that another build has published with fewer fields for the same, and archives what it reads", async () => {
    // An older schema: what has a default today was not there.
    const older = { ...CATALOGUES, schema: z.custom<CatalogueDefinition>() };
    await installDefinitions(bucket, wallClock, older, [plain(1) as unknown as CatalogueDefinition]);
    const published = await start([catalogue(1)]);
    const [read] = published.at(0);
    expect(read).toEqual(catalogue(1));
    expect(await bucket.get(`catalogue.test.1.${definitionDigest(read!)}`)).toBeDefined();
    expect(await bucket.keys("catalogue.test.1.*")).toHaveLength(2);
    await expect(start([catalogue(1, 9)])).rejects.toThrow("published versions are immutable");
  });

  it("has each version from its time on, swaps without a restart, and keeps what was when the next cannot be read", async () => {
    const published = await start([catalogue(1)]);
    const log = new ReleaseLog(CATALOGUES, { bucket, clock: wallClock, check: () => [] });
    const now = Date.now();
    const versionAt = (time: number): number | undefined => published.at(time)[0]?.version;
    await log.propose(catalogue(2), { by: "anna", why: "test" });
    await log.publish("test", { by: "petr", why: "test", version: 2, from: now + HOUR });
    await eventually("the version to come", () => versionAt(now + HOUR) === 2);
    expect([versionAt(0), versionAt(now), versionAt(now + HOUR - 1)]).toEqual([1, 1, 1]);

    await log.propose(catalogue(3), { by: "anna", why: "test" });
    await log.publish("test", { by: "petr", why: "test", version: 3 });
    await eventually("the version at once", () => versionAt(now) === 3);
    const key = `catalogue.test.3.${definitionDigest(catalogue(3))}`;
    await bucket.replace(key, "{}");
    await log.propose(catalogue(4), { by: "anna", why: "test" });
    await log.publish("test", { by: "petr", why: "test", version: 4, from: now + 2 * HOUR });
    await eventually("a warning", () => said.some((s) => s.includes("what was in force stays so")));
    expect(versionAt(now)).toBe(3);
    await bucket.replace(key, JSON.stringify(catalogue(3)));
    await eventually("it to be read again", () => versionAt(now + 2 * HOUR) === 4);
  });
});
