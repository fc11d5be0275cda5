/** Contexts in stream CTX: read by subject, written by compare-and-set (I4). */
import { jetstreamManager, JetStreamApiError, type JetStreamManager } from "@nats-io/jetstream";
import { InvalidArgumentError, nuid, type NatsConnection } from "@nats-io/nats-core";
import { contextV1, headerNames, partitionOf, streamOf, subjects, type Context } from "#contracts";
import { emptyContext } from "#domain";
import { TerminalFault, type Publisher } from "#messaging";

export interface Stored {
  readonly context: Context;
  /** CTX sequence of the snapshot; 0 when there is none. */
  readonly revision: number;
  /** Bytes of the snapshot. */
  readonly bytes: number;
}

/** Another owner has written this context: this instance has lost the partition. */
export class LostOwnership extends Error {
  override readonly name = "LostOwnership";
}

const NO_MESSAGE = 10_037;

export class ContextStore {
  readonly #publisher: Publisher;
  #jsm: JetStreamManager | undefined;

  constructor(
    private readonly nc: NatsConnection,
    publisher: Publisher,
  ) {
    this.#publisher = publisher;
  }

  /** Throws a TerminalFault when what is stored is not a context. */
  async load(customerId: string): Promise<Stored> {
    const last = await this.#last(customerId);
    if (!last) return { context: emptyContext(customerId), revision: 0, bytes: 0 };
    return { context: readContext(last.body), revision: last.seq, bytes: last.body.length };
  }

  /**
   * Writes the next snapshot; resolves with its revision and size. Throws LostOwnership on a conflict, a TerminalFault
   * when it is larger than the server takes.
   */
  async commit(context: Context, revision: number, signal: AbortSignal): Promise<Stored> {
    const body = JSON.stringify(context);
    const commit = nuid.next();
    const subject = subjects.ctx(context.customerId);
    const result = await this.#publisher
      .publish(subject, body, {
        msgId: commit,
        headers: { [headerNames.commit]: commit },
        expectLastSubjectSequence: revision,
        signal,
      })
      .catch((cause: unknown) => {
        if (!(cause instanceof InvalidArgumentError)) throw cause;
        throw new TerminalFault("handler_failed", `the context cannot be stored: ${cause.message}`, {
          cause,
        });
      });
    if (result.kind === "written") return { context, revision: result.seq, bytes: body.length };
    // The sequence is checked before the message id: after a lost acknowledgement our own write looks like a conflict.
    const last = await this.#last(context.customerId);
    if (last?.commit === commit) return { context, revision: last.seq, bytes: body.length };
    throw new LostOwnership("another owner has written this context");
  }

  async #last(customerId: string): Promise<{ body: string; seq: number; commit: string } | undefined> {
    this.#jsm ??= await jetstreamManager(this.nc, { checkAPI: false });
    const stream = streamOf("CTX", partitionOf(customerId));
    try {
      const m = await this.#jsm.direct.getMessage(stream, { last_by_subj: subjects.ctx(customerId) });
      return m ? { body: m.string(), seq: m.seq, commit: m.header.get(headerNames.commit) } : undefined;
    } catch (error) {
      if (error instanceof JetStreamApiError && (error.code === NO_MESSAGE || error.status === 404))
        return undefined;
      throw error;
    }
  }
}

function readContext(body: string): Context {
  try {
    return contextV1.parse(JSON.parse(body));
  } catch (cause) {
    throw new TerminalFault("handler_failed", "the stored context cannot be read", { cause });
  }
}
