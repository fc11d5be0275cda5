/** What the tests use of the package `smpp`, which has no types: its server. */
declare module "smpp" {
  import type { EventEmitter } from "node:events";

  export interface SmppPdu {
    readonly command: string;
    readonly command_status: number;
    readonly sequence_number: number;
    readonly system_id?: string;
    readonly password?: string;
    readonly destination_addr?: string;
    readonly source_addr?: string;
    readonly message_id?: string;
    readonly validity_period?: string;
    readonly esm_class?: number;
    readonly data_coding?: number;
    readonly registered_delivery?: number;
    readonly short_message?: { readonly message: string | Buffer; readonly udh?: readonly Buffer[] };
    response(fields?: Readonly<Record<string, unknown>>): SmppPdu;
  }

  export interface SmppServerSession extends EventEmitter {
    send(pdu: SmppPdu): boolean;
    deliver_sm(fields: Readonly<Record<string, unknown>>, answered?: (answer: SmppPdu) => void): boolean;
    enquire_link(answered?: (answer: SmppPdu) => void): boolean;
    unbind(answered?: (answer: SmppPdu) => void): boolean;
    close(): void;
    destroy(): void;
  }

  interface SmppServer {
    listen(port: number, host: string, ready?: () => void): void;
    address(): { readonly port: number };
    close(): void;
  }

  const smpp: {
    createServer(onSession: (session: SmppServerSession) => void): SmppServer;
    readonly consts: { readonly MESSAGE_STATE: Readonly<Record<string, number>> };
  };
  export default smpp;
}
