import type { JsMsg } from "@nats-io/jetstream";

/** Acknowledges up to the highest message below which all are done, some milliseconds' worth at a time. */
export class AckAll {
  #first = 0;
  readonly #messages: JsMsg[] = [];
  readonly #done = new Set<number>();
  #scheduled = false;

  taken(message: JsMsg): void {
    this.#messages.push(message);
  }

  done(messages: readonly JsMsg[]): void {
    for (const m of messages) this.#done.add(m.seq);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => this.#ack(), 2);
  }

  #ack(): void {
    this.#scheduled = false;
    let last: JsMsg | undefined;
    while (this.#first < this.#messages.length && this.#done.delete(this.#messages[this.#first]!.seq))
      last = this.#messages[this.#first++];
    last?.ack();
    if (this.#first > 4_096) {
      this.#messages.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
