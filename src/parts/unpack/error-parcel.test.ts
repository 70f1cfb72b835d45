import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ErrnoError } from '#ground/sys'
import { Fault, isFault } from '#model'
import { errorOf, parcelOf } from './error-parcel.ts'

/** As it arrives in another thread. */
function crossed(error: unknown): Error {
  return errorOf(structuredClone(parcelOf(error)))
}

test('a fault arrives as the same fault, with its cause', () => {
  const cause = new ErrnoError('mkdirat', 'etc', 17)
  const fault = new Fault({ code: 'tar-invalid', problem: 'invalid tar header', offset: 512 }, { cause })
  const arrived = crossed(fault)
  assert.ok(isFault(arrived, 'tar-invalid'))
  assert.deepEqual(arrived.failure, fault.failure)
  assert.equal(arrived.message, fault.message)
  assert.equal(arrived.stack, fault.stack)
  assert.ok(arrived.cause instanceof ErrnoError)
  assert.deepEqual(
    [arrived.cause.call, arrived.cause.path, arrived.cause.code, arrived.cause.errno, arrived.cause.message],
    ['mkdirat', 'etc', 'EEXIST', 17, cause.message],
  )
})

test("Node's system errors keep their code, call and path", () => {
  const thrown = (() => {
    try {
      return readFileSync('/nowhere/at/all')
    } catch (error) {
      return error
    }
  })()
  const arrived = crossed(thrown)
  assert.deepEqual(Object.entries(arrived), Object.entries(thrown as Error))
  assert.equal(Reflect.get(arrived, 'code'), 'ENOENT')
})

test('what is no error, and a chain of causes without end, arrive as well', () => {
  assert.equal(crossed('only a text').message, 'only a text')
  const snake = new TypeError('bites its tail')
  snake.cause = snake
  const arrived = crossed(snake)
  assert.deepEqual([arrived.name, arrived.message], ['TypeError', 'bites its tail'])
})
