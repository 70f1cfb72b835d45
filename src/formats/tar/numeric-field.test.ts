import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FieldInvalid } from './invalid.ts'
import { exactSize, parseDecimal, parseNumericField } from './numeric-field.ts'
import { fitsOctal, putNumeric } from './write-field.ts'

const field = (text: string) => parseNumericField(Buffer.from(text, 'latin1'), 0, text.length)

test('base-256 counts from the second bit, and holds 63 bits', () => {
  assert.equal(field(`\x80${'\0'.repeat(10)}\x07`), 7)
  assert.equal(field(`\x80\0\0\0\x7f${'\xff'.repeat(7)}`), 2 ** 63)
  assert.equal(field('\xff'.repeat(12)), -1)
  assert.throws(() => field(`\x80\0\0\0\x80${'\0'.repeat(7)}`), FieldInvalid)
  assert.throws(() => field(`\x80${'\xff'.repeat(11)}`), FieldInvalid)
})

test('a size that a double cannot hold to the byte is refused', () => {
  assert.equal(exactSize(2 ** 53 - 1), 2 ** 53 - 1)
  assert.throws(() => exactSize(2 ** 53), FieldInvalid)
})

test('decimals are 64-bit integers with an optional sign, and nothing else', () => {
  assert.deepEqual(['0', '+5', '-5', '007', '-0'].map(parseDecimal), [0, 5, -5, 7, 0])
  assert.equal(parseDecimal(`${'0'.repeat(1000)}12`), 12)
  assert.equal(parseDecimal('9223372036854775807'), 2 ** 63)
  assert.equal(parseDecimal('-9223372036854775808'), -(2 ** 63))
  for (const text of ['', '-', ' 1', '1 ', '1e3', '0x1', '1_0', '1.0', '9223372036854775808', '-9223372036854775809']) {
    assert.throws(() => parseDecimal(text), FieldInvalid, text)
  }
})

test('what is written is what is read, octal where it fits and base-256 where not', () => {
  for (const value of [0, 1, 2_097_151, 2_097_152, 2 ** 40, -1, -(2 ** 40)]) {
    const block = Buffer.alloc(12)
    putNumeric(block, 0, 8, value)
    assert.equal(parseNumericField(block, 0, 8), value)
    assert.equal((block[0] ?? 0) < 0x80, fitsOctal(value, 8))
  }
})
