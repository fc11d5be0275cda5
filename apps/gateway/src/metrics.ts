/** Counters of the gateway in Prometheus' text format. Labels come from bounded sets: never an id. */

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  lines(): string[];
}

const labelText = (labels: Labels): string => {
  const parts = Object.entries(labels).map(([k, v]) => `${k}="${v.replace(/[\\"\n]/g, "_")}"`);
  return parts.length > 0 ? `{${parts.join(",")}}` : "";
};

class Counter implements Metric {
  readonly type = "counter";
  readonly #values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  add(labels: Labels = {}, n = 1): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + n);
  }

  lines(): string[] {
    return [...this.#values].map(([labels, n]) => `${this.name}${labels} ${n}`);
  }
}

class Gauge implements Metric {
  readonly type = "gauge";

  constructor(
    readonly name: string,
    readonly help: string,
    readonly read: () => number,
  ) {}

  lines(): string[] {
    return [`${this.name} ${this.read()}`];
  }
}

class Histogram implements Metric {
  readonly type = "histogram";
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** `bounds` ascending, in the metric's unit. */
  constructor(
    readonly name: string,
    readonly help: string,
    readonly bounds: readonly number[],
  ) {
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    for (let i = 0; i < this.bounds.length; i++) {
      if (value <= this.bounds[i]!) this.#counts[i]! += 1;
    }
  }

  lines(): string[] {
    return [
      ...this.bounds.map((b, i) => `${this.name}_bucket{le="${b}"} ${this.#counts[i]}`),
      `${this.name}_bucket{le="+Inf"} ${this.#count}`,
      `${this.name}_sum ${this.#sum}`,
      `${this.name}_count ${this.#count}`,
    ];
  }
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export class GatewayMetrics {
  /** By method, route template and status. */
  readonly requests = new Counter("segue_gateway_requests_total", "HTTP requests answered");
  readonly requestSeconds = new Histogram(
    "segue_gateway_request_seconds",
    "Time to answer a request",
    SECONDS,
  );
  readonly accepted = new Counter(
    "segue_gateway_events_accepted_total",
    "Events acknowledged by the stream, duplicates included",
  );
  readonly duplicates = new Counter(
    "segue_gateway_events_duplicate_total",
    "Events that the stream had already",
  );
  /** By reason. */
  readonly refused = new Counter(
    "segue_gateway_events_refused_total",
    "Events refused before they were published",
  );
  readonly unacknowledged = new Counter(
    "segue_gateway_events_unacknowledged_total",
    "Events that the stream did not acknowledge in time",
  );
  readonly publishSeconds = new Histogram(
    "segue_gateway_publish_seconds",
    "Time until the stream acknowledged an event",
    SECONDS,
  );
  /** By what was answered and why. */
  readonly moments = new Counter("segue_gateway_moments_total", "Moments answered");
  readonly momentSeconds = new Histogram(
    "segue_gateway_moment_seconds",
    "Time to answer a moment",
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10],
  );
  readonly momentsLate = new Counter(
    "segue_gateway_moments_late_total",
    "Moments answered after their deadline: the event loop was busy",
  );
  inFlight = 0;
  readonly #metrics: Metric[];

  constructor(connected: () => boolean) {
    this.#metrics = [
      this.requests,
      this.requestSeconds,
      this.accepted,
      this.duplicates,
      this.refused,
      this.unacknowledged,
      this.publishSeconds,
      this.moments,
      this.momentSeconds,
      this.momentsLate,
      new Gauge("segue_gateway_events_in_flight", "Events being published", () => this.inFlight),
      new Gauge("segue_gateway_nats_connected", "1 while there is a connection to NATS", () =>
        Number(connected()),
      ),
      new Gauge("process_resident_memory_bytes", "Memory of the process", () => process.memoryUsage.rss()),
    ];
    for (const counter of [this.accepted, this.duplicates, this.unacknowledged, this.momentsLate])
      counter.add({}, 0);
  }

  text(): string {
    return this.#metrics
      .flatMap((m) => [`# HELP ${m.name} ${m.help}`, `# TYPE ${m.name} ${m.type}`, ...m.lines()])
      .concat("")
      .join("\n");
  }
}
