/** Splits a stream of bytes into lines. What follows the last newline is cut off: a torn line is no line. */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      pending.push(text.slice(start, end));
      const line = pending.length === 1 ? pending[0]! : pending.join('');
      pending = [];
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (start < text.length) pending.push(text.slice(start));
  }
}
