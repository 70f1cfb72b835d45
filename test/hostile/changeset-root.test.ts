// Entries that would make the root of the layer something else than a directory (CVE-2021-29136): everything after them would
// be written through a symlink. Nothing is removed for their sake either.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TarEntryKind } from '#formats/tar'
import { Sandbox, say, semantics } from './changeset-sandbox.ts'

const kinds: readonly TarEntryKind[] = ['symlink', 'file', 'hard-link', 'fifo', 'char-device']

for (const kind of semantics) {
  for (const name of ['/', '..', './..', '.', './', 'a/..']) {
    test(`an entry "${name}" makes nothing else of the root, for ${kind}`, () => {
      for (const entryKind of kinds) {
        using sandbox = new Sandbox()
        assert.equal(sandbox.apply(kind, [say('kept', { body: 'x' })]), undefined)
        const failure = sandbox.apply(kind, [
          say(name, { kind: entryKind, link: sandbox.outside, mode: 0o777 }),
          say('secret', { body: 'pwned' }),
        ])
        // An overlay's own root is not described by `.`: the entry is passed over, whatever it is.
        const isPassedOver = kind === 'overlay' && ['.', './', 'a/..'].includes(name)
        assert.equal(failure?.code, isPassedOver ? undefined : 'tar-invalid')
        assert.deepEqual(sandbox.names(), isPassedOver ? ['kept', 'secret'] : ['kept'])
      }
    })
  }
}
