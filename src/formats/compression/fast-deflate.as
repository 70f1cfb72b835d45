// DEFLATE (RFC 1951) for the fast levels of gzip, in AssemblyScript; `tools/build-fast-deflate.mjs` makes
// `fast-deflate-module.ts` of it. Why it exists: docs/decisions/0011.
//
// One call compresses one block of input, which stands in memory behind its dictionary. It looks for matches of four bytes
// and more through a hash table with two places per slot, puts one off by a byte when the next one is longer, and writes
// what it found as DEFLATE blocks of 62 KiB of input, each with Huffman codes of its own, or stored.
// There is no state between two calls but the tables that never change: the same input gives the same bytes.

import { beginOutput, distanceSlot, endOutput, writeBlock, writeEmptyBlock, writeStored } from './fast-deflate-blocks';
import {
  distanceCounts, firstLength, guard, hashBits, hashTable, increment, input, lengthSlots, literalCounts, longestMatch,
  mostSequences, output, prepare, sequences, window,
} from './fast-deflate-memory';

/** Input of one DEFLATE block, and a step more: less than 64 KiB, so that what is stored needs one header. */
const blockSpan: usize = 62 << 10;
/** A match this long is taken without looking for a longer one, and one this long without looking a byte ahead. */
const niceLength: usize = 32;
const lazyBelow: usize = 16;

let isReady: bool = false;
let sequenceCount: u32 = 0;

export function inputAt(): usize {
  return input;
}

export function outputAt(): usize {
  return output;
}

/**
 * Compresses `size` bytes (at most 1 MiB) that stand behind `dictionarySize` bytes (at most 32 KiB) at `inputAt`, and
 * returns how many bytes there are at `outputAt`. Effort 0 looks at one place for each match, 1 at two and one byte
 * ahead. What is not the last block ends at a whole byte (a sync flush).
 */
export function deflate(dictionarySize: u32, size: u32, isLast: u32, effort: u32): u32 {
  if (!isReady) prepare();
  isReady = true;
  beginOutput();
  const start = input + dictionarySize;
  const end = start + size;
  memory.fill(hashTable, 0, 8 << hashBits);
  for (let at = input; at + 4 <= start; at++) remember(at);

  for (let at = start; at < end; ) {
    const from = at;
    at = collect(from, end, effort);
    writeBlock(from, at, sequenceCount, isLast != 0 && at == end ? 1 : 0);
  }
  if (isLast == 0) writeStored(end, end, 0);
  else if (size == 0) writeEmptyBlock();
  return endOutput();
}

/** Finds the sequences of one DEFLATE block and counts its symbols; returns where the next one begins. */
function collect(from: usize, end: usize, effort: u32): usize {
  memory.fill(literalCounts, 0, (288 + 32) * 4);
  sequenceCount = 0;
  const limit = end > from + guard ? end - guard : from;
  const stop = min<usize>(from + blockSpan, limit);
  let at = from;
  let anchor = from;
  while (at < stop && sequenceCount < mostSequences - 1) {
    const slot = hashOf(load<u32>(at));
    const places = load<u64>(slot);
    store<u64>(slot, (places << 32) | (at as u64));
    let match = matchAt(at, places, min<usize>(end - at, longestMatch), effort);
    if (match == 0) {
      // The longer nothing was found, the less often it is looked for: what is compressed already costs little time.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    if (effort > 0 && lengthOf(match) < lazyBelow) {
      const next = at + 1;
      const nextSlot = hashOf(load<u32>(next));
      const nextPlaces = load<u64>(nextSlot);
      const longer = longerMatchAt(next, nextPlaces, min<usize>(end - next, longestMatch), lengthOf(match));
      if (longer != 0) {
        store<u64>(nextSlot, (nextPlaces << 32) | (next as u64));
        at = next;
        match = longer;
      }
    }
    let length = lengthOf(match);
    let place = placeOf(match);
    while (at > anchor && place > input && length < longestMatch && load<u8>(at - 1) == load<u8>(place - 1)) {
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

// A match in one word: its length, and above it the place that it repeats. 0 is none.

// @ts-ignore
@inline
function matchOf(length: usize, place: usize): u64 {
  return (length as u64) | ((place as u64) << 32);
}

// @ts-ignore
@inline
function lengthOf(match: u64): usize {
  return (match & 0xffffffff) as usize;
}

// @ts-ignore
@inline
function placeOf(match: u64): usize {
  return (match >> 32) as usize;
}

/** The longest match at the places that the hash table has for `at`; with effort 0 only at the newest. */
// @ts-ignore
@inline
function matchAt(at: usize, places: u64, most: usize, effort: u32): u64 {
  const value = load<u32>(at);
  const newest = (places & 0xffffffff) as usize;
  let length: usize = 0;
  if (isInWindow(at, newest) && load<u32>(newest) == value) length = matchLength(at, newest, most);
  if (effort > 0 && length < niceLength) {
    const older = (places >> 32) as usize;
    if (isInWindow(at, older) && load<u32>(older) == value && load<u8>(older + length) == load<u8>(at + length)) {
      const olderLength = matchLength(at, older, most);
      if (olderLength > length) return matchOf(olderLength, older);
    }
  }
  return length == 0 ? 0 : matchOf(length, newest);
}

/** A match of more than `length` bytes. */
// @ts-ignore
@inline
function longerMatchAt(at: usize, places: u64, most: usize, length: usize): u64 {
  const value = load<u32>(at);
  let best = length;
  let bestPlace: usize = 0;
  for (let rest = places; rest != 0; rest >>= 32) {
    const place = (rest & 0xffffffff) as usize;
    // Only a match that is longer is of use: its last four bytes are compared first.
    if (isInWindow(at, place) && load<u32>(place + best - 3) == load<u32>(at + best - 3) && load<u32>(place) == value) {
      const longer = matchLength(at, place, most);
      if (longer > best) {
        best = longer;
        bestPlace = place;
      }
    }
  }
  return bestPlace == 0 ? 0 : matchOf(best, bestPlace);
}

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
function matchLength(at: usize, place: usize, most: usize): usize {
  let length: usize = 4;
  while (length + 8 <= most) {
    const difference = load<u64>(at + length) ^ load<u64>(place + length);
    if (difference != 0) return length + ((ctz(difference) >> 3) as usize);
    length += 8;
  }
  while (length < most && load<u8>(at + length) == load<u8>(place + length)) length++;
  return length;
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
