/**
 * A WebAssembly module, assembled here by hand: a function over its own memory that carries a CRC-64 (ISO) register across bytes.
 *
 * P = x^64+x^4+x^3+x+1 has so few terms that squaring keeps it sparse: x^(64·2^7) = x^(4·2^7)+x^(3·2^7)+x^(2^7)+1 mod P. In words
 * of 128 bits, each word is therefore absorbed by the words 60, 61, 63 and 64 places behind it, `w[j] ^= w[j-60]^w[j-61]^w[j-63]^w[j-64]`,
 * which needs no multiplication and no table. The last 64 words are left over: they absorb those before them, not each other, and are
 * reduced eight bytes at a time.
 */
export const crc64Memory = {
  /** The register: eight bytes, little-endian. */
  register: 0,
  /** Where the data goes. The 1024 bytes before it stay zero: they are the words before the first. */
  data: 2048,
  /** Bytes of data that fit. */
  room: 65536 - 2048,
} as const

const pages = 1
/** 64 words of 16 bytes: the reach of the recurrence. */
const reach = 1024
/** Below this the eight-byte steps are faster than starting the wide ones. */
const wideFrom = 2 * reach
/** Words absorbed per round. As many as the last words that need rules of their own. */
const unrolled = 4

const op = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i64Load: 0x29,
  i64Load8: 0x31,
  i64Store: 0x37,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Equal: 0x46,
  i32LessUnsigned: 0x49,
  i32GreaterUnsigned: 0x4b,
  i32Add: 0x6a,
  i32Subtract: 0x6b,
  i32And: 0x71,
  i64Xor: 0x85,
  i64ShiftLeft: 0x86,
  i64ShiftRight: 0x88,
  emptyBlock: 0x40,
} as const
const simd = { prefix: 0xfd, load: 0x00, store: 0x0b, xor: 0x51 } as const
const type = { i32: 0x7f, i64: 0x7e, function: 0x60 } as const

type Code = readonly number[]
/** The parameter `length` and the locals of the one function. */
const local = { length: 0, at: 1, end: 2, wideEnd: 3, register: 4, product: 5, carry: 6 } as const

export function crc64ModuleBytes(): Uint8Array<ArrayBuffer> {
  const name = Buffer.from('carry')
  const memory = Buffer.from('memory')
  return Uint8Array.from(
    [
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, [1, type.function, 1, type.i32, 0]),
      section(3, [1, 0]),
      section(5, [1, 0, pages]),
      section(7, [2, name.length, ...name, 0, 0, memory.length, ...memory, 2, 0]),
      section(10, [1, ...sized([2, 3, type.i32, 3, type.i64, ...carryCode(), op.end])]),
    ].flat(),
  )
}

/** Carries the register across `length` bytes at `data`, and spoils those bytes. */
function carryCode(): Code {
  return [
    set(local.at, constant(crc64Memory.data)),
    set(local.end, [...constant(crc64Memory.data), ...get(local.length), op.i32Add]),
    set(local.register, load64(constant(crc64Memory.register))),
    when([...get(local.length), ...constant(wideFrom - 1), op.i32GreaterUnsigned], wideCode()),
    narrowCode(),
    byteCode(),
    store64(constant(crc64Memory.register), get(local.register)),
  ].flat()
}

/** The register meets the first bytes; then word after word absorbs those behind it; what is left begins `reach` before the end. */
function wideCode(): Code {
  const step = 16 * unrolled
  const wholeSteps = [...get(local.length), ...constant(-step), op.i32And]
  const advanced = [...get(local.at), ...constant(step), op.i32Add]
  return [
    store64(get(local.at), sum([load64(get(local.at)), get(local.register)])),
    set(local.register, [op.i64Const, 0]),
    // From here on `at` is `reach` bytes behind the word in work: offsets in memory accesses cannot be negative.
    set(local.at, [...get(local.at), ...constant(reach), op.i32Subtract]),
    set(local.wideEnd, [...get(local.at), ...wholeSteps, op.i32Add, ...constant(step), op.i32Subtract]),
    [op.loop, op.emptyBlock],
    Array.from({ length: unrolled }, (_, index) => absorbCode(index, [60, 61, 63, 64])).flat(),
    [...advanced, op.localTee, local.at, ...get(local.wideEnd), op.i32LessUnsigned, op.branchIf, 0, op.end],
    [...absorbCode(0, [61, 63, 64]), ...absorbCode(1, [63, 64]), ...absorbCode(2, [63, 64]), ...absorbCode(3, [64])],
    set(local.at, advanced),
  ].flat()
}

function absorbCode(index: number, distances: readonly number[]): Code {
  const word = (distance: number): Code =>
    [get(local.at), [simd.prefix, simd.load, 4], unsigned(16 * (index + 64 - distance))].flat()
  return [
    get(local.at),
    word(0),
    distances.flatMap((distance) => [...word(distance), simd.prefix, simd.xor]),
    [simd.prefix, simd.store, 4],
    unsigned(16 * index + reach),
  ].flat()
}

/** Eight bytes at a time: register ← (register ^ word) · x^64. */
function narrowCode(): Code {
  return whileTrue(
    [...get(local.end), ...get(local.at), op.i32Subtract, ...constant(7), op.i32GreaterUnsigned],
    [
      set(local.product, sum([get(local.register), load64(get(local.at))])),
      // The register is bit-reflected: multiplying shifts to the right, and what falls out comes in again on the left.
      set(local.carry, sum(shifted(local.product, op.i64ShiftLeft, [60, 61, 63]))),
      set(local.register, sum([...shifted(local.product, op.i64ShiftRight, [0, 1, 3, 4]), carryReduced()])),
      set(local.at, [...get(local.at), ...constant(8), op.i32Add]),
    ].flat(),
  )
}

/** The last bytes one by one: the byte that falls out of the register comes in again times x^64. */
function byteCode(): Code {
  const byte = [...get(local.at), op.i64Load8, 0, 0]
  return whileTrue(
    [...get(local.at), ...get(local.end), op.i32LessUnsigned],
    [
      set(local.carry, [...sum([get(local.register), byte]), op.i64Const, 56, op.i64ShiftLeft]),
      set(local.register, sum([...shifted(local.register, op.i64ShiftRight, [8]), carryReduced()])),
      set(local.at, [...get(local.at), ...constant(1), op.i32Add]),
    ].flat(),
  )
}

/** carry · (x^4+x^3+x+1), which is carry · x^64 mod P for a carry of few bits. */
function carryReduced(): Code {
  return sum(shifted(local.carry, op.i64ShiftRight, [0, 1, 3, 4]))
}

function shifted(index: number, direction: number, distances: readonly number[]): readonly Code[] {
  return distances.map((distance) => [
    ...get(index),
    ...(distance === 0 ? [] : [op.i64Const, ...signed(distance), direction]),
  ])
}

function sum(terms: readonly Code[]): Code {
  return terms.flatMap((term, index) => (index === 0 ? term : [...term, op.i64Xor]))
}

function get(index: number): Code {
  return [op.localGet, index]
}

function set(index: number, value: Code): Code {
  return [...value, op.localSet, index]
}

function constant(value: number): Code {
  return [op.i32Const, ...signed(value)]
}

function load64(address: Code): Code {
  return [...address, op.i64Load, 3, 0]
}

function store64(address: Code, value: Code): Code {
  return [...address, ...value, op.i64Store, 3, 0]
}

function when(condition: Code, then: Code): Code {
  return [...condition, op.if, op.emptyBlock, ...then, op.end]
}

function whileTrue(condition: Code, body: Code): Code {
  const leaveUnless = [...constant(0), op.i32Equal, op.branchIf, 1]
  return [
    op.block,
    op.emptyBlock,
    op.loop,
    op.emptyBlock,
    ...condition,
    ...leaveUnless,
    ...body,
    op.branch,
    0,
    op.end,
    op.end,
  ]
}

function section(id: number, content: Code): Code {
  return [id, ...sized(content)]
}

function sized(content: Code): Code {
  return [...unsigned(content.length), ...content]
}

/** LEB128, as all of WebAssembly's numbers. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}
