import { type GuestReply, guestReplySchema } from "../../../protocol/guest.ts";

export interface Reply {
  header: GuestReply;
  /** Body as text; "" for bytes. */
  text: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Cuts a guest's reply as a host does. */
export function readReply(reply: string | ArrayBuffer): Reply {
  if (typeof reply === "string") {
    const end = reply.indexOf("\n");
    return {
      header: guestReplySchema.parse(JSON.parse(reply.slice(0, end))),
      text: reply.slice(end + 1),
      bytes: new Uint8Array(),
    };
  }
  const length = new DataView(reply).getUint32(0, true);
  const header = String.fromCharCode(...new Uint8Array(reply, 4, length));
  return {
    header: guestReplySchema.parse(JSON.parse(header)),
    text: "",
    bytes: new Uint8Array(reply.slice(Math.ceil((4 + length) / 8) * 8)),
  };
}
