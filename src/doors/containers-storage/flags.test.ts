import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Flag, parseFlags } from './flags.ts'

const known: readonly Flag[] = [
  { long: ['id'], short: 'i', kind: 'text', usage: '' },
  { long: ['json'], short: 'j', kind: 'boolean', usage: '' },
  { long: ['tree'], short: 't', kind: 'boolean', usage: '' },
  { long: ['name'], short: 'n', kind: 'list', usage: '' },
  { long: ['bzip2', 'bz2'], short: 'b', kind: 'boolean', usage: '' },
]

/** What came of it, in one value to compare. */
function parsed(...words: readonly string[]): unknown {
  const result = parseFlags(words, known)
  return result.kind === 'parsed' ? { ...Object.fromEntries(result.flags.entries()), words: result.words } : result
}

const bad = (problem: string): unknown => ({ kind: 'bad', problem })

test('a value stands behind a space or an equals sign; quotes fall off behind the sign only', () => {
  assert.deepEqual(parsed('--id', 'x', 'layer'), { id: 'x', words: ['layer'] })
  assert.deepEqual(parsed('--id=x'), { id: 'x', words: [] })
  assert.deepEqual(parsed('-i', 'x'), { id: 'x', words: [] })
  assert.deepEqual(parsed('-i=x'), { id: 'x', words: [] })
  assert.deepEqual(parsed('--id="q2"'), { id: 'q2', words: [] })
  assert.deepEqual(parsed('--id', "'q'"), { id: "'q'", words: [] })
})

test('letters stand together, and the last may take a value', () => {
  assert.deepEqual(parsed('-jt'), { json: true, tree: true, words: [] })
  assert.deepEqual(parsed('-jn', 'foo', '-n', 'bar'), { json: true, name: ['foo', 'bar'], words: [] })
  assert.deepEqual(parsed('-jx'), bad('flag provided but not defined: -jx'))
  assert.deepEqual(parsed('-json'), bad('flag provided but not defined: -json'))
})

test('a boolean takes no word, only a value behind an equals sign; the last one wins', () => {
  assert.deepEqual(parsed('--json', 'true'), { json: true, words: ['true'] })
  assert.deepEqual(parsed('--json', '--json=false'), { json: false, words: [] })
  assert.deepEqual(parsed('--bz2'), { bzip2: true, words: [] })
  assert.deepEqual(
    parsed('--json=maybe'),
    bad('invalid boolean value "maybe" for  --json: strconv.ParseBool: parsing "maybe": invalid syntax'),
  )
})

test('flags end at the first word, at two dashes, and a lone dash is a word', () => {
  assert.deepEqual(parsed('abc', '-j'), { words: ['abc', '-j'] })
  assert.deepEqual(parsed('-j', '--', '-t'), { json: true, words: ['-t'] })
  assert.deepEqual(parsed('-', '-j'), { words: ['-', '-j'] })
})

test('what is wrong is said in the words of the original', () => {
  assert.deepEqual(parsed('--bogus'), bad('flag provided but not defined: --bogus'))
  assert.deepEqual(parsed('--id'), bad('flag needs an argument: --id'))
  assert.deepEqual(parsed('-=x'), bad('bad flag syntax: -=x'))
  assert.deepEqual(parsed('-h'), { kind: 'help' })
  assert.deepEqual(parsed('--help'), { kind: 'help' })
})
