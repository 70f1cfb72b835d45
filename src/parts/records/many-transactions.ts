import { parseLayerId, parseTimestamp } from '#model'
import { fakeStoreAt } from './fake-contents.ts'

// A process of its own for a test: it adds layers one by one while others do the same.
const [root = '', name = '', count] = process.argv.slice(2)
const store = fakeStoreAt(root)
const records = store.reopened()
for (let n = 0; n < Number(count); n++) {
  await records.transact({ write: ['layers'] }, (tx) => {
    const row = {
      id: parseLayerId(`${name}${n}`),
      names: [],
      created: parseTimestamp('2026-11-22T05:00:43Z'),
      compression: 'uncompressed',
      bigDataNames: [],
      unknownFields: {},
    } as const
    tx.layers.add(row, { content: store.contents.staged(name) })
  })
}
