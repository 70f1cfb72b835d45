// Huffman codes as DEFLATE sends them. (See fast-deflate.as.)

import { get, increment, lengthCounts, nextCodes, set, sorted, tree } from './fast-deflate-memory';

/**
 * Lengths of an optimal prefix code (Moffat and Katajainen, in place), cut to `limit` bits the way zlib cuts them. There
 * are always at least two codes: not every reader takes fewer.
 */
export function buildLengths(counts: usize, symbols: u32, lengths: usize, limit: u32): void {
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
export function assignCodes(lengths: usize, symbols: u32, codes: usize): void {
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
