// Where the encoder's things lie in memory, and the tables that never change. (See fast-deflate.as.)

export const inputBytes: usize = 1 << 20;
export const dictionaryBytes: usize = 32768;
export const hashBits: u32 = 15;
/** Sequences of one DEFLATE block. */
export const mostSequences: u32 = 16384;

/** DEFLATE's own limits. */
export const window: usize = 32768;
export const longestMatch: usize = 258;
/** The last bytes of the input are literals, so that loads of eight bytes stay inside. */
export const guard: usize = 16;

export const literalSymbols: u32 = 286;
export const distanceSymbols: u32 = 30;
export const precodeSymbols: u32 = 19;
export const endOfBlock: u32 = 256;
export const firstLength: u32 = 257;

// Where things lie in memory. Tables of u32 unless it says otherwise.
export const literalCounts: usize = 0;
export const distanceCounts: usize = literalCounts + 288 * 4;
export const literalCodes: usize = distanceCounts + 32 * 4; // code, and its length << 16
export const distanceCodes: usize = literalCodes + 288 * 4;
export const lengthCodes: usize = distanceCodes + 32 * 4; // by length of match: code and extra bits, and their number << 24
export const lengthSlots: usize = lengthCodes + 260 * 4; // u8, by length of match
export const codeLengths: usize = lengthSlots + 264; // u8, those of literals and then of distances
export const sorted: usize = codeLengths + 320; // count << 9 | symbol
export const tree: usize = sorted + 288 * 4;
export const lengthCounts: usize = tree + 288 * 4;
export const nextCodes: usize = lengthCounts + 16 * 4;
export const precodeCounts: usize = nextCodes + 16 * 4;
export const precodeCodes: usize = precodeCounts + 20 * 4;
export const precodeLengths: usize = precodeCodes + 20 * 4; // u8
export const precodeOrder: usize = precodeLengths + 24; // u8
export const runs: usize = precodeOrder + 24; // u16: symbol of the precode, and its extra bits << 8
export const slotBases: usize = runs + 320 * 2; // u16
export const slotExtras: usize = slotBases + 32 * 2; // u8
export const hashTable: usize = 16384; // by hash: greedy: u32, a place; lazy: u64, the newest place and the one before it << 32
export const sequences: usize = hashTable + (8 << hashBits); // u64: length of match | distance - 1 << 9 | literals before it << 32
export const input: usize = sequences + 8 * (mostSequences as usize);
export const output: usize = input + dictionaryBytes + inputBytes + guard;

/** The tables that never change (RFC 1951 §3.2.5 and §3.2.7). */
export function prepare(): void {
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
}

// @ts-ignore
@inline
export function get(table: usize, index: usize): u32 {
  return load<u32>(table + (index << 2));
}

// @ts-ignore
@inline
export function set(table: usize, index: usize, value: u32): void {
  store<u32>(table + (index << 2), value);
}

// @ts-ignore
@inline
export function increment(table: usize, index: usize): void {
  set(table, index, get(table, index) + 1);
}
