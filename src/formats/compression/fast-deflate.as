// DEFLATE (RFC 1951) for the fast levels of gzip, in AssemblyScript; `tools/build-fast-deflate.mjs` makes
// `fast-deflate-module.ts` of it. Why it exists: docs/decisions/0011.
//
// One call compresses one block of input, which stands in memory behind its dictionary. It looks for matches of four bytes
// and more through a hash table (`greedy`, `lazy`), and writes what it found as DEFLATE blocks of 62 KiB of input, each with
// Huffman codes of its own, or stored. There is no state between two calls but the tables that never change: the same
// input gives the same bytes.

import { beginOutput, endOutput, writeBlock, writeEmptyBlock, writeStored } from './fast-deflate-blocks';
import { collectGreedily, rememberGreedily } from './fast-deflate-greedy';
import { collectLazily, rememberLazily } from './fast-deflate-lazy';
import { hashBits, hashTable, input, output, prepare } from './fast-deflate-memory';
import { sequenceCount } from './fast-deflate-sequences';

let isReady: bool = false;

export function inputAt(): usize {
  return input;
}

export function outputAt(): usize {
  return output;
}

/**
 * Compresses `size` bytes (at most 1 MiB) that stand behind `dictionarySize` bytes (at most 32 KiB) at `inputAt`, and returns
 * how many bytes there are at `outputAt`. Effort 0 is greedy, 1 lazy. What is not the last block ends at a whole byte (a
 * sync flush).
 */
export function deflate(dictionarySize: u32, size: u32, isLast: u32, effort: u32): u32 {
  if (!isReady) prepare();
  isReady = true;
  beginOutput();
  const start = input + dictionarySize;
  const end = start + size;
  memory.fill(hashTable, 0, (effort == 0 ? 4 : 8) << hashBits);
  for (let at = input; at + 4 <= start; at++) {
    if (effort == 0) rememberGreedily(at);
    else rememberLazily(at);
  }
  for (let at = start; at < end; ) {
    const from = at;
    at = effort == 0 ? collectGreedily(from, end) : collectLazily(from, end);
    writeBlock(from, at, sequenceCount, isLast != 0 && at == end ? 1 : 0);
  }
  if (isLast == 0) writeStored(end, end, 0);
  else if (size == 0) writeEmptyBlock();
  return endOutput();
}
