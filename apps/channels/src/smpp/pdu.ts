/**
 * The PDUs of SMPP 3.4 that a client of a message centre speaks (Short Message Peer to Peer Protocol Specification v3.4,
 * issue 1.2; the numbers of its sections stand below). What the centre may send and we do not know is answered with
 * `generic_nack`; unknown optional parameters are kept as they are.
 */

/** Command ids (§5.1.2.1); a response has the first bit set. */
export const COMMAND = {
  generic_nack: 0x80000000,
  query_sm: 0x00000003,
  query_sm_resp: 0x80000003,
  submit_sm: 0x00000004,
  submit_sm_resp: 0x80000004,
  deliver_sm: 0x00000005,
  deliver_sm_resp: 0x80000005,
  unbind: 0x00000006,
  unbind_resp: 0x80000006,
  bind_transceiver: 0x00000009,
  bind_transceiver_resp: 0x80000009,
  enquire_link: 0x00000015,
  enquire_link_resp: 0x80000015,
} as const;
export type CommandName = keyof typeof COMMAND;

/** Command statuses (§5.1.3) that are told apart. */
export const STATUS = {
  ok: 0x00,
  invalidLength: 0x02,
  invalidCommand: 0x03,
  alreadyBound: 0x05,
  systemError: 0x08,
  queueFull: 0x14,
  throttled: 0x58,
  temporaryAppError: 0x64,
} as const;

/** Optional parameters (§5.3.2). */
export const TAG = {
  receiptedMessageId: 0x001e,
  networkErrorCode: 0x0423,
  messagePayload: 0x0424,
  messageState: 0x0427,
} as const;

/** Type of number and numbering plan (§5.2.5, §5.2.6). */
export interface SmppAddress {
  readonly ton: number;
  readonly npi: number;
  readonly address: string;
}

/** `submit_sm` (§4.4.1) and `deliver_sm` (§4.6.1) are built alike. */
export interface ShortMessage {
  readonly serviceType: string;
  readonly source: SmppAddress;
  readonly destination: SmppAddress;
  readonly esmClass: number;
  readonly protocolId: number;
  readonly priority: number;
  readonly scheduleAt: string;
  /** Relative (`000001000000000R`) or empty: as long as the centre keeps messages. */
  readonly validity: string;
  /** 1: a receipt for success and failure. */
  readonly registeredDelivery: number;
  readonly replaceIfPresent: number;
  readonly dataCoding: number;
  readonly defaultMessageId: number;
  readonly text: Buffer;
}

/** Of PDUs that are a header alone. */
type NoBody = Readonly<Record<string, never>>;

interface Bodies {
  generic_nack: NoBody;
  query_sm: { readonly messageId: string; readonly source: SmppAddress };
  query_sm_resp: {
    readonly messageId: string;
    readonly finalDate: string;
    readonly state: number;
    readonly error: number;
  };
  submit_sm: ShortMessage;
  submit_sm_resp: { readonly messageId: string };
  deliver_sm: ShortMessage;
  deliver_sm_resp: { readonly messageId: string };
  unbind: NoBody;
  unbind_resp: NoBody;
  bind_transceiver: {
    readonly systemId: string;
    readonly password: string;
    readonly systemType: string;
    readonly interfaceVersion: number;
    readonly range: SmppAddress;
  };
  bind_transceiver_resp: { readonly systemId: string };
  enquire_link: NoBody;
  enquire_link_resp: NoBody;
}

/** `options`: the optional parameters by tag, in order. */
export type Pdu = {
  [C in CommandName]: {
    readonly command: C;
    readonly status: number;
    readonly sequence: number;
    readonly body: Bodies[C];
    readonly options: readonly (readonly [tag: number, value: Buffer])[];
  };
}[CommandName];
export type PduOf<C extends CommandName> = Extract<Pdu, { readonly command: C }>;

/** Bytes that are no PDU, or not one that is known. `status` answers the sender, where there is a sequence to answer to. */
export class PduError extends Error {
  override readonly name = "PduError";
  constructor(
    message: string,
    readonly status: number,
    readonly sequence: number | undefined,
  ) {
    super(message);
  }
}

const HEADER = 16;
/** A message payload may have 64 KiB (§5.3.2.32). */
const LARGEST = 70_000;
const NAMES: ReadonlyMap<number, CommandName> = new Map(
  Object.entries(COMMAND).map(([name, id]) => [id, name as CommandName]),
);
/** A refusal may come without its body (§4.4.2 and like ones). */
const MAY_BE_EMPTY: ReadonlySet<CommandName> = new Set([
  "bind_transceiver_resp",
  "submit_sm_resp",
  "deliver_sm_resp",
  "query_sm_resp",
]);

// Writing

export function encodePdu(pdu: Pdu): Buffer {
  const body = new Fields();
  writeBody(pdu, body);
  for (const [tag, value] of pdu.options) body.u16(tag).u16(value.length).octets(value);
  const octets = body.whole();
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(HEADER + octets.length, 0);
  header.writeUInt32BE(COMMAND[pdu.command], 4);
  header.writeUInt32BE(pdu.status, 8);
  header.writeUInt32BE(pdu.sequence, 12);
  return Buffer.concat([header, octets]);
}

class Fields {
  readonly #parts: Buffer[] = [];

  u8(n: number): this {
    this.#parts.push(Buffer.from([n]));
    return this;
  }

  u16(n: number): this {
    this.#parts.push(Buffer.from([n >> 8, n & 0xff]));
    return this;
  }

  octets(value: Buffer): this {
    this.#parts.push(value);
    return this;
  }

  /** A C-octet string of at most `size` octets, its end included. Throws RangeError. */
  text(value: string, size: number): this {
    if (!/^[ -~]*$/.test(value)) throw new RangeError("SMPP strings are printable ASCII");
    if (value.length >= size)
      throw new RangeError(`an SMPP string of ${value.length} characters; ${size - 1} is the most here`);
    this.#parts.push(Buffer.from(`${value}\0`, "latin1"));
    return this;
  }

  address({ ton, npi, address }: SmppAddress, size: number): this {
    return this.u8(ton).u8(npi).text(address, size);
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function writeBody({ command, body }: Pdu, to: Fields): void {
  switch (command) {
    case "submit_sm":
    case "deliver_sm": {
      if (body.text.length > 254)
        throw new RangeError(`a short message of ${body.text.length} octets; 254 is the most`);
      to.text(body.serviceType, 6).address(body.source, 21).address(body.destination, 21);
      to.u8(body.esmClass)
        .u8(body.protocolId)
        .u8(body.priority)
        .text(body.scheduleAt, 17)
        .text(body.validity, 17);
      to.u8(body.registeredDelivery).u8(body.replaceIfPresent).u8(body.dataCoding).u8(body.defaultMessageId);
      to.u8(body.text.length).octets(body.text);
      return;
    }
    case "submit_sm_resp":
    case "deliver_sm_resp":
      to.text(body.messageId, 65);
      return;
    case "bind_transceiver":
      to.text(body.systemId, 16).text(body.password, 9).text(body.systemType, 13);
      to.u8(body.interfaceVersion).address(body.range, 41);
      return;
    case "bind_transceiver_resp":
      to.text(body.systemId, 16);
      return;
    case "query_sm":
      to.text(body.messageId, 65).address(body.source, 21);
      return;
    case "query_sm_resp":
      to.text(body.messageId, 65).text(body.finalDate, 17).u8(body.state).u8(body.error);
      return;
    case "generic_nack":
    case "unbind":
    case "unbind_resp":
    case "enquire_link":
    case "enquire_link_resp":
  }
}

// Reading

/** Cuts a stream of octets into PDUs. */
export class PduReader {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The whole PDUs, octets each, that are there with this chunk. Throws PduError at a length that cannot be: where the next
   * PDU begins is unknown then, and the connection is lost.
   */
  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole: Buffer[] = [];
    while (this.#rest.length >= 4) {
      const length = this.#rest.readUInt32BE(0);
      if (length < HEADER || length > LARGEST)
        throw new PduError(`a PDU of ${length} octets cannot be`, STATUS.invalidLength, undefined);
      if (this.#rest.length < length) break;
      whole.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
    return whole;
  }
}

/** Reads one whole PDU. Throws PduError. */
export function decodePdu(octets: Buffer): Pdu {
  const id = octets.readUInt32BE(4);
  const status = octets.readUInt32BE(8);
  const sequence = octets.readUInt32BE(12);
  const command = NAMES.get(id);
  if (command === undefined)
    throw new PduError(
      `unknown command 0x${id.toString(16).padStart(8, "0")}`,
      STATUS.invalidCommand,
      sequence,
    );
  const from = new Octets(octets.subarray(HEADER), command, sequence);
  const body = readBody(command, from);
  return { command, status, sequence, body, options: from.options() } as Pdu;
}

class Octets {
  #at = 0;

  constructor(
    private readonly octets: Buffer,
    private readonly command: CommandName,
    private readonly sequence: number,
  ) {}

  get empty(): boolean {
    return this.#at >= this.octets.length;
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  take(length: number): Buffer {
    if (this.#at + length > this.octets.length) throw this.#tooShort();
    const taken = this.octets.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  text(): string {
    const end = this.octets.indexOf(0, this.#at);
    if (end < 0) throw this.#tooShort();
    const text = this.octets.toString("latin1", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  address(): SmppAddress {
    return { ton: this.u8(), npi: this.u8(), address: this.text() };
  }

  options(): [number, Buffer][] {
    const options: [number, Buffer][] = [];
    while (!this.empty) {
      const head = this.take(4);
      options.push([head.readUInt16BE(0), this.take(head.readUInt16BE(2))]);
    }
    return options;
  }

  #tooShort(): PduError {
    return new PduError(`${this.command} ends in the middle of a field`, STATUS.invalidLength, this.sequence);
  }
}

function readBody<C extends CommandName>(command: C, from: Octets): Bodies[CommandName] {
  if (MAY_BE_EMPTY.has(command) && from.empty) return emptyResponse(command);
  switch (command) {
    case "submit_sm":
    case "deliver_sm":
      return {
        serviceType: from.text(),
        source: from.address(),
        destination: from.address(),
        esmClass: from.u8(),
        protocolId: from.u8(),
        priority: from.u8(),
        scheduleAt: from.text(),
        validity: from.text(),
        registeredDelivery: from.u8(),
        replaceIfPresent: from.u8(),
        dataCoding: from.u8(),
        defaultMessageId: from.u8(),
        text: from.take(from.u8()),
      };
    case "submit_sm_resp":
    case "deliver_sm_resp":
      return { messageId: from.text() };
    case "bind_transceiver":
      return {
        systemId: from.text(),
        password: from.text(),
        systemType: from.text(),
        interfaceVersion: from.u8(),
        range: from.address(),
      };
    case "bind_transceiver_resp":
      return { systemId: from.text() };
    case "query_sm":
      return { messageId: from.text(), source: from.address() };
    case "query_sm_resp":
      return { messageId: from.text(), finalDate: from.text(), state: from.u8(), error: from.u8() };
    case "generic_nack":
    case "unbind":
    case "unbind_resp":
    case "enquire_link":
    case "enquire_link_resp":
      return {};
  }
}

function emptyResponse(command: CommandName): Bodies[CommandName] {
  if (command === "bind_transceiver_resp") return { systemId: "" };
  if (command === "query_sm_resp") return { messageId: "", finalDate: "", state: 0, error: 0 };
  return { messageId: "" };
}
