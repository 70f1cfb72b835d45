import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FieldInvalid } from './invalid.ts'
import { paxRecordText, paxTimeText } from './pax-record-text.ts'
import { parsePaxRecords, parsePaxTime } from './pax-records.ts'

const parse = (text: string) => Object.fromEntries(parsePaxRecords(Buffer.from(text, 'latin1'), 0, text.length))

test('records say how long they are; of equal keys the last counts', () => {
  assert.deepEqual(parse('8 a=one\n8 b=\0\n\xff\n9 a=last\n'), { a: 'last', b: '\0\n\xff' })
  assert.deepEqual(parse('+6 a=\n008 b=c\n'), { a: '', b: 'c' })
  assert.deepEqual(parse('11 a=b=c=d\n'), { a: 'b=c=d' })
})

test('a length that does not end its record at a newline is refused', () => {
  const broken = ['4 a=\n', '5 a=b\n', '7 a=b\n', '8 a=bc\n', '-6 a=b\n', 'x a=b\n', '6a=b\n\n', '99999999999 a=b\n']
  for (const text of [...broken, '6 abc\n', '6 =bc\n']) {
    assert.throws(() => parse(text), FieldInvalid, text)
  }
})

test('only the bytes of the header’s own data are looked at', () => {
  const data = Buffer.from('6 a=b\n6 c=d\n')
  assert.throws(() => parsePaxRecords(data, 0, 3), FieldInvalid)
  assert.throws(() => parsePaxRecords(Buffer.from('10 a=b     \n'), 0, 8), FieldInvalid)
})

test('a NUL is refused in names and in keys, and is data in other values', () => {
  const record = (key: string, value: string) => parse(paxRecordText(key, value))
  for (const key of ['path', 'linkpath', 'uname', 'gname']) assert.throws(() => record(key, 'a\0b'), FieldInvalid)
  assert.throws(() => record('SCHILY.xattr.user.\0', 'v'), FieldInvalid)
  assert.deepEqual(record('SCHILY.xattr.user.x', 'a\0b'), { 'SCHILY.xattr.user.x': 'a\0b' })
})

test('the pairs of sparse format 0.0 become one map, if they are pairs', () => {
  const pairs = (...numbers: readonly string[]) =>
    parse(numbers.map((n, i) => paxRecordText(i % 2 === 0 ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes', n)).join(''))
  assert.deepEqual(pairs('0', '5', '10', '3'), { 'GNU.sparse.map': '0,5,10,3' })
  assert.throws(() => pairs('0', '5,6'), FieldInvalid)
  assert.throws(() => parse(paxRecordText('GNU.sparse.numbytes', '5')), FieldInvalid)
})

test('times have a fraction of any length, and count from zero on either side', () => {
  const times = { '1': [1, 0], '1.': [1, 0], '1.5': [1, 500_000_000], '1.1234567899': [1, 123_456_789], '-1': [-1, 0] }
  const negative = { '-1.25': [-2, 750_000_000], '-0.5': [-1, 500_000_000], '1.0000000001': [1, 0] }
  for (const [text, [seconds, nanoseconds]] of Object.entries({ ...times, ...negative })) {
    assert.deepEqual(parsePaxTime(text), { seconds, nanoseconds }, text)
  }
  for (const text of ['', '.5', '1.x', '1.5.5', '1e5', ' 1'])
    assert.throws(() => parsePaxTime(text), FieldInvalid, text)
  for (const text of ['1.5', '-1.25', '-0.5', '7', '-7', '0.000000001'])
    assert.equal(paxTimeText(parsePaxTime(text)), text)
})
