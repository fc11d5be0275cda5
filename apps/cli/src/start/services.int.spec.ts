import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLineOf, freePorts, type Child } from "#embedded";
import { eventually } from "#testing";
import { Services, type ServiceDefinition } from "./services.js";

const root = mkdtempSync(join(tmpdir(), "segue-services-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Stands in for a service: answers its health, and ends as its name says. */
writeFileSync(
  join(root, "stand-in.mjs"),
  `import { createServer } from "node:http";
   const { BEHAVIOUR, HEALTH_PORT } = process.env;
   if (BEHAVIOUR === "broken") { console.log(JSON.stringify({ msg: "journeys/x.yaml:3: unknown step" })); process.exit(1); }
   if (BEHAVIOUR === "stubborn") process.on("SIGTERM", () => {});
   createServer((_, r) => r.end("{}")).listen(Number(HEALTH_PORT), "127.0.0.1");
   console.log(JSON.stringify({ msg: "up" }));
   if (BEHAVIOUR === "dies") setTimeout(() => { console.log(JSON.stringify({ msg: "out of luck" })); process.exit(3); }, 300);`,
);

interface Seen {
  readonly services: Services;
  readonly children: Child[];
  readonly troubles: string[];
  givenUp: Error | undefined;
}

function services(): Seen {
  const seen: Seen = {
    children: [],
    troubles: [],
    givenUp: undefined,
    services: new Services({
      root,
      logDir: join(root, "logs"),
      onSpawn: (_name, child) => void seen.children.push(child),
      onExit: () => undefined,
      onTrouble: (message) => void seen.troubles.push(message),
      onGivenUp: (error) => void (seen.givenUp = error),
    }),
  };
  return seen;
}

async function definitions(...behaviours: readonly string[]): Promise<readonly ServiceDefinition[]> {
  const ports = await freePorts(behaviours.length);
  return behaviours.map((behaviour, i) => ({
    name: `${behaviour}-${i}`,
    main: "stand-in.mjs",
    healthPort: ports[i]!,
    env: { BEHAVIOUR: behaviour, HEALTH_PORT: String(ports[i]) },
  }));
}

const running = (seen: Seen): number =>
  seen.children.filter((c) => commandLineOf(c.pid) !== undefined).length;

describe("services as processes", () => {
  it("are ready when started, log to their files, and leave no process when stopped", async () => {
    const seen = services();
    await seen.services.start(await definitions("well", "well"));
    expect(running(seen)).toBe(2);
    await seen.services.stop();
    expect(running(seen)).toBe(0);
    expect(readFileSync(join(root, "logs/well-0.log"), "utf8")).toContain("up");
    expect(seen.troubles).toEqual([]);
  });

  it("fail the launch with what the one that cannot start says", async () => {
    const seen = services();
    await expect(seen.services.start(await definitions("well", "broken"))).rejects.toThrow(
      /broken-1 ended while starting \(status 1\):\njourneys\/x\.yaml:3: unknown step/,
    );
    await seen.services.stop();
    expect(running(seen)).toBe(0);
  });

  it("are started again when they end by themselves, and given up after a few times", async () => {
    const seen = services();
    await seen.services.start(await definitions("dies"));
    const error = await eventually("the service to be given up", () => seen.givenUp, 15_000);
    expect(seen.troubles).toHaveLength(3);
    expect(seen.troubles[0]).toMatch(/dies-0 ended \(status 3\) and is started again: out of luck/);
    expect(error.message).toContain("out of luck");
    await seen.services.stop();
    expect(running(seen)).toBe(0);
  });

  it("are started again after kill -9", async () => {
    const seen = services();
    await seen.services.start(await definitions("well"));
    process.kill(seen.children[0]!.pid, "SIGKILL");
    await eventually("a second process", () => seen.children.length === 2);
    expect(seen.troubles[0]).toContain("SIGKILL");
    await seen.services.stop();
    expect(running(seen)).toBe(0);
  });
});
