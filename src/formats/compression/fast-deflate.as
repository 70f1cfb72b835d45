// DEFLATE (RFC 1951) for the fast levels of gzip, in AssemblyScript; `tools/build-fast-deflate.mjs` makes
// `fast-deflate-module.ts` of it. Why it exists: docs/decisions/0011.
//
// One call compresses one block of input, which stands in memory behind its dictionary. It looks for matches of four bytes
// and more through a hash table with two places per slot, puts one off by a byte when the next one is longer, and writes
// what it found as DEFLATE blocks of 62 KiB of input, each with Huffman codes of its own, or stored.
// There is no state between two calls but the tables that never change: the same input gives the same bytes.

const inputBytes: usize = 1 << 20;
const dictionaryBytes: usize = 32768;

const hashBits: u32 = 15;
/** Input of one DEFLATE block, and a step more: less than 64 KiB, so that what is stored needs one header. */
const blockSpan: usize = 62 << 10;
/** Sequences of one DEFLATE block. */
const mostSequences: u32 = 16384;
/** DEFLATE's own limits. */
const window: usize = 32768;
const longestMatch: usize = 258;
/** A match this long is taken without looking for a longer one, and one this long without looking a byte ahead. */
const niceLength: usize = 32;
const lazyBelow: usize = 16;
/** The last bytes of the input are literals, so that loads of eight bytes stay inside. */
const guard: usize = 16;

/** Four literals of 14 bits and 7 bits left over are less than 64. */
const longestCode: u32 = 14;
const longestPrecode: u32 = 7;

const literalSymbols: u32 = 286;
const distanceSymbols: u32 = 30;
const precodeSymbols: u32 = 19;
const endOfBlock: u32 = 256;
const firstLength: u32 = 257;

// Where things lie in memory. Tables of u32 unless it says otherwise.
const literalCounts: usize = 0;
const distanceCounts: usize = literalCounts + 288 * 4;
const literalCodes: usize = distanceCounts + 32 * 4; // code, and its length << 16
const distanceCodes: usize = literalCodes + 288 * 4;
const lengthCodes: usize = distanceCodes + 32 * 4; // by length of match: code and extra bits, and their number << 24
const lengthSlots: usize = lengthCodes + 260 * 4; // u8, by length of match
const codeLengths: usize = lengthSlots + 264; // u8, those of literals and then of distances
const sorted: usize = codeLengths + 320; // count << 9 | symbol
const tree: usize = sorted + 288 * 4;
const lengthCounts: usize = tree + 288 * 4;
const nextCodes: usize = lengthCounts + 16 * 4;
const precodeCounts: usize = nextCodes + 16 * 4;
const precodeCodes: usize = precodeCounts + 20 * 4;
const precodeLengths: usize = precodeCodes + 20 * 4; // u8
const precodeOrder: usize = precodeLengths + 24; // u8
const runs: usize = precodeOrder + 24; // u16: symbol of the precode, and its extra bits << 8
const slotBases: usize = runs + 320 * 2; // u16
const slotExtras: usize = slotBases + 32 * 2; // u8
const hashTable: usize = 16384; // u64: the newest place, and the one before it << 32
const sequences: usize = hashTable + (8 << hashBits); // u64: length of match | distance - 1 << 9 | literals before it << 32
const input: usize = sequences + 8 * (mostSequences as usize);
const output: usize = input + dictionaryBytes + inputBytes + guard;

export function inputAt(): usize {
  return input;
}

export function outputAt(): usize {
  return output;
}

let isReady: bool = false;

// The writer: bits that are not written yet, the lowest first, and where they go.
let out: usize = 0;
let bits: u64 = 0;
let bitCount: u64 = 0;

// Sequences of the DEFLATE block that is being collected.
let sequenceCount: u32 = 0;

/**
 * Compresses `size` bytes (at most 1 MiB) that stand behind `dictionarySize` bytes (at most 32 KiB) at `inputAt`, and
 * returns how many bytes there are at `outputAt`. Effort 0 looks at one place for each match, 1 at two and one byte
 * ahead. What is not the last block ends at a whole byte (a sync flush).
 */
export function deflate(dictionarySize: u32, size: u32, isLast: u32, effort: u32): u32 {
  if (!isReady) prepare();
  out = output;
  bits = 0;
  bitCount = 0;
  const start = input + dictionarySize;
  const end = start + size;
  memory.fill(hashTable, 0, 8 << hashBits);
  for (let at = input; at + 4 <= start; at++) remember(at);

  for (let at = start; at < end; ) {
    memory.fill(literalCounts, 0, (288 + 32) * 4);
    sequenceCount = 0;
    const from = at;
    at = collect(from, end, effort);
    writeBlock(from, at, isLast != 0 && at == end ? 1 : 0);
  }
  if (isLast == 0) {
    writeStored(end, end, 0);
  } else if (size == 0) {
    // An empty block with the fixed codes.
    put(0b011, 3);
    put(0, 7);
    flush();
  }
  if (bitCount > 0) store<u8>(out++, bits as u8);
  return (out - output) as u32;
}

// ---- Matches

// @ts-ignore
@inline
function hashOf(value: u32): usize {
  return hashTable + (((value * 0x9e3779b1) >>> (32 - hashBits)) << 3);
}

// @ts-ignore
@inline
function remember(at: usize): void {
  const slot = hashOf(load<u32>(at));
  store<u64>(slot, (load<u64>(slot) << 32) | (at as u64));
}

/** Whether a match may reach from `at` back to `place`. Places can lie ahead: matches are drawn out backwards behind them. */
// @ts-ignore
@inline
function isInWindow(at: usize, place: usize): bool {
  return at - place - 1 < window;
}

/** How long the match is that begins with four equal bytes. */
// @ts-ignore
@inline
function lengthOf(at: usize, place: usize, most: usize): usize {
  let length: usize = 4;
  while (length + 8 <= most) {
    const difference = load<u64>(at + length) ^ load<u64>(place + length);
    if (difference != 0) return length + ((ctz(difference) >> 3) as usize);
    length += 8;
  }
  while (length < most && load<u8>(at + length) == load<u8>(place + length)) length++;
  return length;
}

/** Finds the sequences of one DEFLATE block and counts its symbols; returns where the next one begins. */
function collect(from: usize, end: usize, effort: u32): usize {
  const lowest = input;
  const limit = end > from + guard ? end - guard : from;
  const stop = min<usize>(from + blockSpan, limit);
  let at = from;
  let anchor = from;
  while (at < stop && sequenceCount < mostSequences - 1) {
    const value = load<u32>(at);
    const slot = hashOf(value);
    const places = load<u64>(slot);
    store<u64>(slot, (places << 32) | (at as u64));
    let place = (places & 0xffffffff) as usize;
    let length: usize = 0;
    let most = min<usize>(end - at, longestMatch);
    if (isInWindow(at, place) && load<u32>(place) == value) length = lengthOf(at, place, most);
    if (effort > 0 && length < niceLength) {
      const older = (places >> 32) as usize;
      if (isInWindow(at, older) && load<u32>(older) == value && load<u8>(older + length) == load<u8>(at + length)) {
        const olderLength = lengthOf(at, older, most);
        if (olderLength > length) {
          length = olderLength;
          place = older;
        }
      }
    }
    if (length == 0) {
      // The longer nothing was found, the less often it is looked for: what is compressed already costs little time.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    if (effort > 0 && length < lazyBelow) {
      const next = at + 1;
      const nextValue = load<u32>(next);
      const nextSlot = hashOf(nextValue);
      const nextPlaces = load<u64>(nextSlot);
      most = min<usize>(end - next, longestMatch);
      let best = length;
      let bestPlace: usize = 0;
      for (let both = nextPlaces; both != 0; both >>= 32) {
        const other = (both & 0xffffffff) as usize;
        // Only a match that is longer is of use: its last four bytes are compared first.
        if (
          isInWindow(next, other) &&
          load<u32>(other + best - 3) == load<u32>(next + best - 3) &&
          load<u32>(other) == nextValue
        ) {
          const otherLength = lengthOf(next, other, most);
          if (otherLength > best) {
            best = otherLength;
            bestPlace = other;
          }
        }
      }
      if (bestPlace != 0) {
        store<u64>(nextSlot, (nextPlaces << 32) | (next as u64));
        at = next;
        length = best;
        place = bestPlace;
      }
    }
    while (at > anchor && place > lowest && length < longestMatch && load<u8>(at - 1) == load<u8>(place - 1)) {
      at--;
      place--;
      length++;
    }
    addSequence(anchor, at, length, (at - place - 1) as u32);
    anchor = at + length;
    if (anchor < limit) {
      for (let covered = at + 1; covered < anchor; covered++) remember(covered);
    }
    at = anchor;
  }
  // The last bytes of the input are literals; so is what was stepped over when a block is full.
  if (at >= limit) at = end;
  countLiterals(anchor, at);
  store<u64>(sequences + ((sequenceCount as usize) << 3), ((at - anchor) as u64) << 32);
  sequenceCount++;
  return at;
}

// @ts-ignore
@inline
function addSequence(anchor: usize, at: usize, length: usize, distance: u32): void {
  countLiterals(anchor, at);
  increment(literalCounts, firstLength + (load<u8>(lengthSlots + length) as u32));
  increment(distanceCounts, distanceSlot(distance));
  const place = sequences + ((sequenceCount as usize) << 3);
  store<u64>(place, (length as u64) | ((distance as u64) << 9) | (((at - anchor) as u64) << 32));
  sequenceCount++;
}

// @ts-ignore
@inline
function countLiterals(from: usize, to: usize): void {
  for (let at = from; at < to; at++) increment(literalCounts, load<u8>(at) as u32);
}

/** The symbol of a distance, given as one less. */
// @ts-ignore
@inline
function distanceSlot(distance: u32): u32 {
  if (distance < 4) return distance;
  const top = 31 - clz(distance);
  return (top << 1) + ((distance >> (top - 1)) & 1);
}

// ---- Blocks

function writeBlock(from: usize, to: usize, isFinal: u32): void {
  set(literalCounts, endOfBlock, 1);
  buildLengths(literalCounts, literalSymbols, codeLengths, longestCode);
  let literals = literalSymbols;
  while (literals > 257 && load<u8>(codeLengths + literals - 1) == 0) literals--;
  const distanceLengths = codeLengths + literals;
  buildLengths(distanceCounts, distanceSymbols, distanceLengths, longestCode);
  let distances = distanceSymbols;
  while (distances > 1 && load<u8>(distanceLengths + distances - 1) == 0) distances--;
  const runCount = findRuns(literals + distances);
  buildLengths(precodeCounts, precodeSymbols, precodeLengths, longestPrecode);
  let precodes = precodeSymbols;
  while (precodes > 4 && precodeLength(precodes - 1) == 0) precodes--;

  const size = (to - from) as u32;
  const storedBits: u32 = (size + 5 * (1 + size / 65535)) << 3;
  const compressedBits: u32 = 17 + 3 * precodes + symbolBits(literals, distances) + precodeBits();
  if (compressedBits >= storedBits) {
    writeStored(from, to, isFinal);
    return;
  }
  put(isFinal | 0b100, 3);
  put(literals - 257, 5);
  put(distances - 1, 5);
  put(precodes - 4, 4);
  flush();
  for (let at: u32 = 0; at < precodes; at++) {
    put(precodeLength(at), 3);
    flush();
  }
  writeRuns(runCount);
  assignCodes(codeLengths, literals, literalCodes);
  assignCodes(distanceLengths, distances, distanceCodes);
  joinLengthCodes();
  writeSequences(from);
}

/** Bytes as they are, in as many stored blocks as they need: at least one. Ends at a whole byte. */
function writeStored(from: usize, to: usize, isFinal: u32): void {
  let at = from;
  do {
    const size = min<usize>(to - at, 65535);
    put(at + size == to ? isFinal : 0, 3);
    flush();
    if (bitCount > 0) store<u8>(out++, bits as u8);
    bits = 0;
    bitCount = 0;
    store<u16>(out, size as u16);
    store<u16>(out + 2, (size as u16) ^ 0xffff);
    memory.copy(out + 4, at, size);
    out += 4 + size;
    at += size;
  } while (at < to);
}

function symbolBits(literals: u32, distances: u32): u32 {
  let sum: u32 = 0;
  for (let symbol: u32 = 0; symbol < literals; symbol++) {
    const extra: u32 = symbol < firstLength ? 0 : load<u8>(slotExtras + symbol - firstLength);
    sum += get(literalCounts, symbol) * ((load<u8>(codeLengths + symbol) as u32) + extra);
  }
  for (let symbol: u32 = 0; symbol < distances; symbol++) {
    const extra: u32 = symbol < 4 ? 0 : (symbol >> 1) - 1;
    sum += get(distanceCounts, symbol) * ((load<u8>(codeLengths + literals + symbol) as u32) + extra);
  }
  return sum;
}

function precodeBits(): u32 {
  let sum: u32 = 0;
  for (let symbol: u32 = 0; symbol < precodeSymbols; symbol++) {
    sum += get(precodeCounts, symbol) * ((load<u8>(precodeLengths + symbol) as u32) + precodeExtra(symbol));
  }
  return sum;
}

// @ts-ignore
@inline
function precodeExtra(symbol: u32): u32 {
  return symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
}

/** The length of the precode that is sent at this place: rare ones come last and may be left out. */
// @ts-ignore
@inline
function precodeLength(place: u32): u32 {
  return load<u8>(precodeLengths + load<u8>(precodeOrder + place));
}

/** Shortens the list of code lengths to runs; returns their number. */
function findRuns(total: u32): u32 {
  memory.fill(precodeCounts, 0, precodeSymbols * 4);
  let count: u32 = 0;
  let at: u32 = 0;
  while (at < total) {
    const length = load<u8>(codeLengths + at) as u32;
    let run: u32 = 1;
    while (at + run < total && load<u8>(codeLengths + at + run) == length) run++;
    at += run;
    if (length == 0) {
      while (run >= 11) {
        const part = min<u32>(run, 138);
        count = addRun(count, 18, part - 11);
        run -= part;
      }
      if (run >= 3) {
        count = addRun(count, 17, run - 3);
        run = 0;
      }
    } else if (run >= 4) {
      count = addRun(count, length, 0);
      run--;
      while (run >= 3) {
        const part = min<u32>(run, 6);
        count = addRun(count, 16, part - 3);
        run -= part;
      }
    }
    for (; run > 0; run--) count = addRun(count, length, 0);
  }
  return count;
}

function addRun(count: u32, symbol: u32, extra: u32): u32 {
  store<u16>(runs + (count << 1), (symbol | (extra << 8)) as u16);
  increment(precodeCounts, symbol);
  return count + 1;
}

function writeRuns(count: u32): void {
  assignCodes(precodeLengths, precodeSymbols, precodeCodes);
  for (let at: u32 = 0; at < count; at++) {
    const run = load<u16>(runs + (at << 1)) as u32;
    const code = get(precodeCodes, run & 0xff);
    put(code & 0xffff, code >> 16);
    put(run >> 8, precodeExtra(run & 0xff));
    flush();
  }
}

/** For each length of match the code of its symbol and its extra bits, as they are written one behind the other. */
function joinLengthCodes(): void {
  for (let length: u32 = 3; length <= (longestMatch as u32); length++) {
    const slot = load<u8>(lengthSlots + length) as u32;
    const code = get(literalCodes, firstLength + slot);
    const codeBits = code >> 16;
    const extra = length - load<u16>(slotBases + (slot << 1));
    set(lengthCodes, length, (code & 0xffff) | (extra << codeBits) | ((codeBits + load<u8>(slotExtras + slot)) << 24));
  }
}

/** The hot half of writing; the writer's state is kept in locals. */
function writeSequences(from: usize): void {
  let target = out;
  let pending = bits;
  let count = bitCount;
  let at = from;
  const end = sequences + ((sequenceCount as usize) << 3);
  for (let place = sequences; place < end; place += 8) {
    const sequence = load<u64>(place);
    let literals = (sequence >> 32) as u32;
    for (; literals >= 4; literals -= 4) {
      for (let offset: usize = 0; offset < 4; offset++) {
        const code = get(literalCodes, load<u8>(at + offset)) as u64;
        pending |= (code & 0xffff) << count;
        count += code >> 16;
      }
      at += 4;
      store<u64>(target, pending);
      target += (count >> 3) as usize;
      pending >>= count & 56;
      count &= 7;
    }
    for (; literals > 0; literals--) {
      const code = get(literalCodes, load<u8>(at++)) as u64;
      pending |= (code & 0xffff) << count;
      count += code >> 16;
    }
    store<u64>(target, pending);
    target += (count >> 3) as usize;
    pending >>= count & 56;
    count &= 7;
    const length = (sequence & 0x1ff) as u32;
    if (length == 0) continue;
    const lengthCode = get(lengthCodes, length) as u64;
    pending |= (lengthCode & 0xffffff) << count;
    count += lengthCode >> 24;
    const distance = (sequence >> 9) & 0x7fff;
    const slot = distanceSlot(distance as u32);
    const distanceCode = get(distanceCodes, slot) as u64;
    pending |= (distanceCode & 0xffff) << count;
    count += distanceCode >> 16;
    if (slot >= 4) {
      const extra = ((slot >> 1) - 1) as u64;
      pending |= (distance & ((1 << extra) - 1)) << count;
      count += extra;
    }
    store<u64>(target, pending);
    target += (count >> 3) as usize;
    pending >>= count & 56;
    count &= 7;
    at += length;
  }
  out = target;
  bits = pending;
  bitCount = count;
  const code = get(literalCodes, endOfBlock);
  put(code & 0xffff, code >> 16);
  flush();
}

// @ts-ignore
@inline
function put(value: u64, count: u64): void {
  bits |= value << bitCount;
  bitCount += count;
}

// @ts-ignore
@inline
function flush(): void {
  store<u64>(out, bits);
  out += (bitCount >> 3) as usize;
  bits >>= bitCount & 56;
  bitCount &= 7;
}

// ---- Huffman codes

/**
 * Lengths of an optimal prefix code (Moffat and Katajainen, in place), cut to `limit` bits the way zlib cuts them. There
 * are always at least two codes: not every reader takes fewer.
 */
function buildLengths(counts: usize, symbols: u32, lengths: usize, limit: u32): void {
  memory.fill(lengths, 0, symbols);
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = get(counts, symbol);
    if (count > 0) set(sorted, used++, (count << 9) | symbol);
  }
  for (let symbol: u32 = 0; used < 2; symbol++) {
    if (get(counts, symbol) == 0) set(sorted, used++, (1 << 9) | symbol);
  }
  sort(used);
  buildTree(used);
  countLengths(used, limit);
  // The longest codes go to the rarest symbols.
  let at: u32 = 0;
  for (let length = limit; length > 0; length--) {
    for (let left = get(lengthCounts, length); left > 0; left--) store<u8>(lengths + (get(sorted, at++) & 511), length as u8);
  }
}

/** A shell sort: a few hundred numbers, sorted often. */
function sort(size: u32): void {
  for (let gap: u32 = 121; gap > 0; gap /= 3) {
    for (let from = gap; from < size; from++) {
      const value = get(sorted, from);
      let at = from;
      for (; at >= gap && get(sorted, at - gap) > value; at -= gap) set(sorted, at, get(sorted, at - gap));
      set(sorted, at, value);
    }
  }
}

/** Joins the two lightest nodes until there is one; leaves each inner node with its depth. */
function buildTree(used: u32): void {
  for (let at: u32 = 0; at < used; at++) set(tree, at, get(sorted, at) >> 9);
  set(tree, 0, get(tree, 0) + get(tree, 1));
  let leaf: u32 = 2;
  let root: u32 = 0;
  for (let next: u32 = 1; next < used - 1; next++) {
    let weight: u32 = 0;
    for (let half = 0; half < 2; half++) {
      if (leaf >= used || (root < next && get(tree, root) < get(tree, leaf))) {
        weight += get(tree, root);
        set(tree, root++, next);
      } else {
        weight += get(tree, leaf++);
      }
    }
    set(tree, next, weight);
  }
  set(tree, used - 2, 0);
  for (let at = (used as i32) - 3; at >= 0; at--) set(tree, at, get(tree, get(tree, at)) + 1);
}

/** How many codes there are of each length, none longer than `limit`. */
function countLengths(used: u32, limit: u32): void {
  memory.fill(lengthCounts, 0, 64);
  let inner = (used as i32) - 2;
  let available: u32 = 1;
  for (let depth: u32 = 0; available > 0; depth++) {
    let taken: u32 = 0;
    for (; inner >= 0 && get(tree, inner) == depth; inner--) taken++;
    const length = min<u32>(depth, limit);
    set(lengthCounts, length, get(lengthCounts, length) + available - taken);
    available = 2 * taken;
  }
  let sum: u32 = 0;
  for (let length: u32 = 1; length <= limit; length++) sum += get(lengthCounts, length) << (limit - length);
  // Too many: a shorter code makes room for one of the longest below it.
  for (; sum > (1 << limit); sum--) {
    let length = limit - 1;
    while (get(lengthCounts, length) == 0) length--;
    set(lengthCounts, length, get(lengthCounts, length) - 1);
    set(lengthCounts, length + 1, get(lengthCounts, length + 1) + 2);
    set(lengthCounts, limit, get(lengthCounts, limit) - 1);
  }
}

/** The canonical codes for the lengths, turned round as DEFLATE sends them. */
function assignCodes(lengths: usize, symbols: u32, codes: usize): void {
  memory.fill(lengthCounts, 0, 64);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) increment(lengthCounts, load<u8>(lengths + symbol) as u32);
  set(lengthCounts, 0, 0);
  let first: u32 = 0;
  for (let length: u32 = 1; length < 16; length++) {
    first = (first + get(lengthCounts, length - 1)) << 1;
    set(nextCodes, length, first);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = load<u8>(lengths + symbol) as u32;
    const code = get(nextCodes, length);
    set(nextCodes, length, code + 1);
    set(codes, symbol, length == 0 ? 0 : reversed(code, length) | (length << 16));
  }
}

function reversed(code: u32, length: u32): u32 {
  let value = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >> 4) & 0x0f0f);
  value = ((value & 0x00ff) << 8) | ((value >> 8) & 0x00ff);
  return value >> (16 - length);
}

// ---- Tables

/** The tables that never change (RFC 1951 §3.2.5 and §3.2.7). */
function prepare(): void {
  let base: u32 = 3;
  for (let slot: u32 = 0; slot < 28; slot++) {
    const extra: u32 = slot < 8 ? 0 : (slot - 4) >> 2;
    store<u16>(slotBases + (slot << 1), base as u16);
    store<u8>(slotExtras + slot, extra as u8);
    memory.fill(lengthSlots + base, slot as u8, (1 as usize) << extra);
    base += (1 as u32) << extra;
  }
  // The longest match has a symbol of its own.
  store<u16>(slotBases + (28 << 1), 258);
  store<u8>(slotExtras + 28, 0);
  store<u8>(lengthSlots + 258, 28);
  // 16 17 18 0 8 7 9 6 · 10 5 11 4 12 3 13 2 · 14 1 15
  store<u64>(precodeOrder, 0x0609070800121110);
  store<u64>(precodeOrder + 8, 0x020d030c040b050a);
  store<u64>(precodeOrder + 16, 0x00000000000f010e);
  isReady = true;
}

// @ts-ignore
@inline
function get(table: usize, index: usize): u32 {
  return load<u32>(table + (index << 2));
}

// @ts-ignore
@inline
function set(table: usize, index: usize, value: u32): void {
  store<u32>(table + (index << 2), value);
}

// @ts-ignore
@inline
function increment(table: usize, index: usize): void {
  set(table, index, get(table, index) + 1);
}
