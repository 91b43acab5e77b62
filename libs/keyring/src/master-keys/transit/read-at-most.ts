/** The text of a response; rejects when it is longer than `limit` bytes, without holding more. */
export async function readAtMost(response: Response, limit: number): Promise<string> {
  if (!response.body) return '';
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body) {
    length += part.length;
    if (length > limit) throw new Error(`An answer of more than ${limit} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
