// What is found in the input: sequences of literals and a match, and how often each symbol occurs. (See fast-deflate.as.)

import { distanceSlot } from './fast-deflate-blocks';
import {
  distanceCounts, firstLength, guard, hashBits, increment, lengthSlots, literalCounts, mostSequences, sequences, window,
} from './fast-deflate-memory';

/** Input of one DEFLATE block, and a step more: less than 64 KiB, so that what is stored needs one header. */
const blockSpan: usize = 62 << 10;

/** Sequences of the block that is being collected. */
export let sequenceCount: u32 = 0;

export function beginSequences(): void {
  memory.fill(literalCounts, 0, (288 + 32) * 4);
  sequenceCount = 0;
}

/** Where matches may begin at the latest: behind it all is literals. */
export function lastPlace(from: usize, end: usize): usize {
  return end > from + guard ? end - guard : from;
}

// @ts-ignore
@inline
export function isFull(from: usize, at: usize): bool {
  return at >= from + blockSpan || sequenceCount >= mostSequences - 1;
}

// @ts-ignore
@inline
export function addSequence(anchor: usize, at: usize, length: usize, distance: u32): void {
  countLiterals(anchor, at);
  increment(literalCounts, firstLength + (load<u8>(lengthSlots + length) as u32));
  increment(distanceCounts, distanceSlot(distance));
  const place = sequences + ((sequenceCount as usize) << 3);
  store<u64>(place, (length as u64) | ((distance as u64) << 9) | (((at - anchor) as u64) << 32));
  sequenceCount++;
}

/** Ends the block: what is left are literals, up to the end of the input or to where the block is full. Returns where that is. */
export function endSequences(anchor: usize, at: usize, last: usize, end: usize): usize {
  const to = at >= last ? end : at;
  countLiterals(anchor, to);
  store<u64>(sequences + ((sequenceCount as usize) << 3), ((to - anchor) as u64) << 32);
  sequenceCount++;
  return to;
}

// @ts-ignore
@inline
function countLiterals(from: usize, to: usize): void {
  for (let at = from; at < to; at++) increment(literalCounts, load<u8>(at) as u32);
}

/** A place in a hash table for the four bytes in `value`. */
// @ts-ignore
@inline
export function hashOf(value: u32): usize {
  return (value * 0x9e3779b1) >>> (32 - hashBits);
}

/** How far to go on when nothing was found: farther the longer that is so, for what is compressed already. */
// @ts-ignore
@inline
export function stepFrom(anchor: usize, at: usize): usize {
  return 1 + ((at - anchor) >> 6);
}

/** Whether a match may reach from `at` back to `place`. Places can lie ahead: matches are drawn out backwards behind them. */
// @ts-ignore
@inline
export function isInWindow(at: usize, place: usize): bool {
  return at - place - 1 < window;
}

/** How long the match is that begins with four equal bytes. */
// @ts-ignore
@inline
export function matchLength(at: usize, place: usize, most: usize): usize {
  let length: usize = 4;
  while (length + 8 <= most) {
    const difference = load<u64>(at + length) ^ load<u64>(place + length);
    if (difference != 0) return length + ((ctz(difference) >> 3) as usize);
    length += 8;
  }
  while (length < most && load<u8>(at + length) == load<u8>(place + length)) length++;
  return length;
}
