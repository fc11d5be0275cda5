/**
 * The second process of `two-hops.int.spec.ts`: answers on the subject given, within spans of its own. Ends, with
 * its spans delivered, when it is asked for `stop`.
 */
import { connectNats, toHeaders } from "#messaging";
import { headerGetter, span, startTelemetry } from "./index.js";

const [url = "", endpoint = "", subject = ""] = process.argv.slice(2);
const telemetry = startTelemetry({ service: "second-hop", endpoint });
const nc = await connectNats({ url, name: "second-hop" });
const subscription = nc.subscribe(subject);
await nc.flush();
process.stdout.write("ready\n");

for await (const message of subscription) {
  const text = message.string();
  if (text === "stop") break;
  await span(
    "receive evt",
    { kind: "consumer", parent: headerGetter(message.headers), attributes: { bytes: text.length } },
    async () => {
      await span("decide", {}, async (headers) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        message.respond("done", { headers: toHeaders(headers) });
      });
    },
  );
}
await nc.close();
await telemetry.shutdown();
