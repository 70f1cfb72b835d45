// The fastest way to find matches: one place for each hash, and what it gives is taken. (See fast-deflate.as.)

import { hashTable, input, longestMatch } from './fast-deflate-memory';
import {
  addSequence, beginSequences, endSequences, hashOf, isFull, isInWindow, lastPlace, matchLength, stepFrom,
} from './fast-deflate-sequences';

/** Collects the sequences of one block; returns where the next one begins. */
export function collectGreedily(from: usize, end: usize): usize {
  beginSequences();
  const last = lastPlace(from, end);
  let at = from;
  let anchor = from;
  while (at < last && !isFull(from, at)) {
    const value = load<u32>(at);
    const slot = slotOf(value);
    let place = load<u32>(slot) as usize;
    store<u32>(slot, at as u32);
    if (!isInWindow(at, place) || load<u32>(place) != value) {
      at += stepFrom(anchor, at);
      continue;
    }
    let length = matchLength(at, place, min<usize>(end - at, longestMatch));
    while (at > anchor && place > input && length < longestMatch && load<u8>(at - 1) == load<u8>(place - 1)) {
      at--;
      place--;
      length++;
    }
    addSequence(anchor, at, length, (at - place - 1) as u32);
    anchor = at + length;
    if (anchor < last) {
      rememberGreedily(at + 1);
      rememberGreedily(anchor - 2);
      rememberGreedily(anchor - 1);
    }
    at = anchor;
  }
  return endSequences(anchor, at, last, end);
}

// @ts-ignore
@inline
export function rememberGreedily(at: usize): void {
  store<u32>(slotOf(load<u32>(at)), at as u32);
}

// @ts-ignore
@inline
function slotOf(value: u32): usize {
  return hashTable + (hashOf(value) << 2);
}
