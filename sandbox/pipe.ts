/** A message whose payloads each come as the list of their parts. */
export interface PipeEnvelope<M extends object> {
  message: M;
  payloads: readonly (readonly Uint8Array[])[];
}

/**
 * One pipe frame (a frame of protocol/frames.ts behind its own length, which PipeFrameReader cuts off again) as parts to be
 * written one after another, so that payloads are not copied.
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
