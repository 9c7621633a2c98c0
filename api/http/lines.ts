import { StringDecoder } from "node:string_decoder";

/** Lines of a stream of UTF-8, without their ends; empty ones are left out. */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const part of body) {
    const lines = (
      rest + decoder.write(Buffer.from(part.buffer, part.byteOffset, part.byteLength))
    ).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line !== "") yield line;
  }
  rest += decoder.end();
  if (rest !== "") yield rest;
}
