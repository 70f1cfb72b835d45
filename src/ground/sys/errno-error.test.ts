import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { AT_FDCWD } from './at-flags.ts'
import { ErrnoError } from './errno-error.ts'
import { errnoCode, errnoText } from './errno.ts'
import { isErrno } from './is-errno.ts'
import { close, openat } from './open.ts'

test('a failed call says what Go would say, and carries the data', () => {
  assert.throws(() => openat(AT_FDCWD, '/no/such/file', 0), {
    name: 'ErrnoError',
    message: 'open /no/such/file: no such file or directory',
    call: 'open',
    path: '/no/such/file',
    errno: 2,
    code: 'ENOENT',
  })
  assert.throws(() => close(-1), { message: 'close: bad file descriptor', code: 'EBADF', path: '' })
  assert.throws(() => openat(AT_FDCWD, Buffer.from([0x66, 0xff]), 0), {
    message: 'open f\uFFFD: no such file or directory',
  })
})

test('numbers have the names that Node has for them', () => {
  const numbers = Object.entries(constants.errno)
  assert.ok(numbers.length > 70)
  const synonyms: Readonly<Record<string, string>> = {
    EWOULDBLOCK: 'EAGAIN',
    ENOTSUP: 'EOPNOTSUPP',
    EDEADLOCK: 'EDEADLK',
  }
  for (const [name, number] of numbers) assert.equal(errnoCode(number), synonyms[name] ?? name)
  assert.equal(errnoText(11), 'resource temporarily unavailable')
  assert.equal(errnoText(40), 'too many levels of symbolic links')
  assert.equal(errnoText(4242), 'errno 4242')
})

test('isErrno knows errors of both kinds, and nothing else', () => {
  assert.ok(isErrno(new ErrnoError('open', 'x', 17), 'ENOENT', 'EEXIST'))
  assert.ok(isErrno(Object.assign(new Error('from Node'), { code: 'EEXIST' }), 'EEXIST'))
  assert.equal(isErrno(new ErrnoError('open', 'x', 17), 'ENOENT'), false)
  assert.equal(isErrno({ code: 'ENOENT' }, 'ENOENT'), false)
})

test('the error number is the one of this call, also while other threads fail in another way', async () => {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.open).then(({ tryOpenat }) => {
      const wrong = new Set()
      for (let i = 0; i < 20000; i++) {
        const errno = -tryOpenat(-100, workerData.path, 0)
        if (errno !== workerData.errno) wrong.add(errno)
      }
      parentPort.postMessage([...wrong])
    })`
  const open = new URL('./open.ts', import.meta.url).href
  const cases = [
    { open, path: '/nothing-here', errno: 2 },
    { open, path: '/dev/null/inside', errno: 20 },
    { open, path: 'a'.repeat(300), errno: 36 },
  ]
  const answers = cases.map(async (workerData) => {
    const worker = new Worker(program, { eval: true, workerData })
    return await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  })
  assert.deepEqual(await Promise.all(answers), [[], [], []])
})
