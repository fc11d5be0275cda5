/** The journeys that customers may enter in a running installation. */
import type { JourneyDefinition } from "#contracts";
import { connectNats } from "#messaging";
import { DefinitionsBucket, liveJourneys, readPublished } from "#registry";

/** Throws when the server cannot be reached or has no definitions. */
export async function publishedJourneys(url: string): Promise<readonly JourneyDefinition[]> {
  const nc = await connectNats({ url, name: "segue validate", waitOnFirstConnect: false });
  try {
    return liveJourneys(await readPublished(new DefinitionsBucket(nc)));
  } finally {
    await nc.close();
  }
}
