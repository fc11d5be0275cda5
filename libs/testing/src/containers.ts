/**
 * The same servers through testcontainers, where there is a Docker engine: `SEGUE_TEST_SERVERS=containers`.
 * Suites that stop, pause or kill a server need it as a process of their own, and say so.
 */
import type { StartedTestContainer } from "testcontainers";

export interface ContainerServers {
  readonly natsUrl: string;
  readonly redisUrl: string;
  stop(): Promise<void>;
}

const NATS_IMAGE = "nats:2.14-alpine";
const REDIS_IMAGE = "redis:7.0-alpine";

export async function startContainers(): Promise<ContainerServers> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const started: StartedTestContainer[] = [];
  const start = async (image: string, port: number, command: string[], ready: RegExp): Promise<string> => {
    const container = await new GenericContainer(image)
      .withCommand(command)
      .withExposedPorts(port)
      .withWaitStrategy(Wait.forLogMessage(ready))
      .start();
    started.push(container);
    return `${container.getHost()}:${container.getMappedPort(port)}`;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((c) => c.stop()));
  };
  try {
    const nats = await start(NATS_IMAGE, 4222, ["-js", "-sd", "/data"], /Server is ready/);
    const redis = await start(
      REDIS_IMAGE,
      6379,
      ["redis-server", "--appendonly", "yes"],
      /Ready to accept connections/,
    );
    return { natsUrl: `nats://${nats}`, redisUrl: `redis://${redis}`, stop };
  } catch (error) {
    await stop();
    throw new Error(
      `containers could not be started (${(error as Error).message}): is a Docker engine running? Without SEGUE_TEST_SERVERS=containers the tests use local processes`,
      { cause: error },
    );
  }
}
