// DEFLATE blocks: how they are written, bit by bit. (See fast-deflate.as.)

import { assignCodes, buildLengths } from './fast-deflate-codes';
import {
  codeLengths, distanceCodes, distanceCounts, distanceSymbols, endOfBlock, firstLength, get, increment, lengthCodes, lengthSlots,
  literalCodes, literalCounts, literalSymbols, longestMatch, output, precodeCodes, precodeCounts, precodeLengths, precodeOrder,
  precodeSymbols, runs, sequences, set, slotBases, slotExtras,
} from './fast-deflate-memory';

/** Four literals of 14 bits and 7 bits left over are less than 64. */
const longestCode: u32 = 14;
const longestPrecode: u32 = 7;

// Bits that are not written yet, the lowest first, and where they go.
let out: usize = 0;
let bits: u64 = 0;
let bitCount: u64 = 0;

export function beginOutput(): void {
  out = output;
  bits = 0;
  bitCount = 0;
}

/** Ends at a whole byte; returns how many there are. */
export function endOutput(): u32 {
  if (bitCount > 0) store<u8>(out++, bits as u8);
  return (out - output) as u32;
}

/** An empty block with the fixed codes: what a stream of nothing ends with. */
export function writeEmptyBlock(): void {
  put(0b011, 3);
  put(0, 7);
  flush();
}

/** Writes the block of the sequences collected, with codes of its own or stored, whatever is shorter. */
export function writeBlock(from: usize, to: usize, sequenceCount: u32, isFinal: u32): void {
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
  writeSequences(from, sequenceCount);
}

/** Bytes as they are, in as many stored blocks as they need: at least one. Ends at a whole byte. */
export function writeStored(from: usize, to: usize, isFinal: u32): void {
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
function writeSequences(from: usize, sequenceCount: u32): void {
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

/** The symbol of a distance, given as one less. */
// @ts-ignore
@inline
export function distanceSlot(distance: u32): u32 {
  if (distance < 4) return distance;
  const top = 31 - clz(distance);
  return (top << 1) + ((distance >> (top - 1)) & 1);
}
