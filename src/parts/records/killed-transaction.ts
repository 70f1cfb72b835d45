import { parseLayerId, parseTimestamp } from '#model'
import { fakeStoreAt } from './fake-contents.ts'

// A process of its own for a test: it adds or removes layers, and is killed before the step of the given number.
const [root = '', act, at] = process.argv.slice(2)
const store = fakeStoreAt(root)
let steps = 0
const records = store.reopened(() => {
  if (steps++ === Number(at)) process.kill(process.pid, 'SIGKILL')
})
await records.transact({ write: ['layers', 'images', 'containers'] }, (tx) => {
  if (act === 'remove') return tx.layers.remove(parseLayerId('rw'))
  for (const id of ['n1', 'n2']) {
    const created = parseTimestamp('2026-11-22T05:00:43Z')
    const row = {
      id: parseLayerId(id),
      names: [],
      created,
      compression: 'uncompressed',
      bigDataNames: [],
      unknownFields: {},
    } as const
    tx.layers.add(row, { content: store.contents.staged(id) })
  }
})
