// Smaller at some cost: two places for each hash, and one byte of looking ahead. (See fast-deflate.as.)

import { hashTable, input, longestMatch } from './fast-deflate-memory';
import {
  addSequence, beginSequences, endSequences, hashOf, isFull, isInWindow, lastPlace, matchLength, stepFrom,
} from './fast-deflate-sequences';

/** A match this long is taken without looking for a longer one, and one this long without looking a byte ahead. */
const niceLength: usize = 32;
const lazyBelow: usize = 16;
/** Of a match so many places are remembered, and the last two: each costs time, and few are ever used. */
const remembered: usize = 4;

/** Collects the sequences of one block; returns where the next one begins. */
export function collectLazily(from: usize, end: usize): usize {
  beginSequences();
  const last = lastPlace(from, end);
  let at = from;
  let anchor = from;
  while (at < last && !isFull(from, at)) {
    const slot = slotOf(load<u32>(at));
    const places = load<u64>(slot);
    store<u64>(slot, (places << 32) | (at as u64));
    let match = matchAt(at, places, min<usize>(end - at, longestMatch));
    if (match == 0) {
      at += stepFrom(anchor, at);
      continue;
    }
    if (lengthOf(match) < lazyBelow) {
      const next = at + 1;
      const nextSlot = slotOf(load<u32>(next));
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
    if (anchor < last) {
      const some = min<usize>(anchor, at + remembered);
      for (let covered = at + 1; covered < some; covered++) rememberLazily(covered);
      rememberLazily(anchor - 2);
      rememberLazily(anchor - 1);
    }
    at = anchor;
  }
  return endSequences(anchor, at, last, end);
}

/** The newest place of its hash, before the one that was it. */
// @ts-ignore
@inline
export function rememberLazily(at: usize): void {
  const slot = slotOf(load<u32>(at));
  store<u64>(slot, (load<u64>(slot) << 32) | (at as u64));
}

// @ts-ignore
@inline
function slotOf(value: u32): usize {
  return hashTable + (hashOf(value) << 3);
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

/** The longest match at the places that the hash table has for `at`. */
// @ts-ignore
@inline
function matchAt(at: usize, places: u64, most: usize): u64 {
  const value = load<u32>(at);
  const newest = (places & 0xffffffff) as usize;
  let length: usize = 0;
  if (isInWindow(at, newest) && load<u32>(newest) == value) length = matchLength(at, newest, most);
  if (length < niceLength) {
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
