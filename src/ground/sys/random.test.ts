import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillRandomly, randomNumber } from './random.ts'

test('random bytes fill what they are given, and no two numbers of a thousand are likely to be the same', () => {
  const bytes = new Uint8Array(256)
  fillRandomly(bytes.subarray(0, 200))
  assert.ok(new Set(bytes.subarray(0, 200)).size > 50)
  assert.deepEqual(bytes.subarray(200), new Uint8Array(56))
  const numbers = Array.from({ length: 1000 }, randomNumber)
  assert.ok(new Set(numbers).size > 995)
  assert.ok(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32))
  assert.ok(Math.max(...numbers) > 2 ** 31)
  assert.throws(() => fillRandomly(new Uint8Array(257)), RangeError)
})
