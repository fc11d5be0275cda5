/** The journeys that are published in an installation. */
import { Kvm } from "@nats-io/kv";
import { definitionKeys, journeyV1, type JourneyDefinition } from "#contracts";
import { connectNats } from "#messaging";

/** Every published version. Throws when the server cannot be reached or has no definitions. */
export async function publishedJourneys(url: string): Promise<readonly JourneyDefinition[]> {
  const nc = await connectNats({ url, name: "segue validate", waitOnFirstConnect: false });
  try {
    const kv = await new Kvm(nc).open("definitions");
    const journeys: JourneyDefinition[] = [];
    for await (const key of await kv.keys(definitionKeys.journeys)) {
      const entry = await kv.get(key);
      if (entry) journeys.push(journeyV1.parse(entry.json()));
    }
    return journeys;
  } finally {
    await nc.close();
  }
}
