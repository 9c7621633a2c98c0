/** A message whose payloads each come as the list of their parts. */
export interface PipeEnvelope<M extends object> {
  message: M;
  payloads: readonly (readonly Uint8Array[])[];
}

/**
 * One pipe frame (see protocol/frames.ts) as parts to be written one after another, so that payloads are not copied:
 * what `encodePipeFrame` gives, for payloads that are large or consist of many.
 */
export function pipeFrameParts<M extends object>({
  message,
  payloads,
}: PipeEnvelope<M>): Uint8Array[] {
  const lengths = payloads.map((parts) => parts.reduce((sum, part) => sum + part.byteLength, 0));
  const body = JSON.stringify(lengths.length > 0 ? [{ ...message, payloads: lengths }] : [message]);
  const headerBytes = Buffer.byteLength(body);
  const head = Buffer.allocUnsafe(8 + headerBytes);
  head.writeUInt32LE(4 + headerBytes + lengths.reduce((sum, length) => sum + length, 0), 0);
  head.writeUInt32LE(headerBytes, 4);
  head.write(body, 8);
  return [head, ...payloads.flat()];
}
