// Trees of absurd depth: no stack, no descriptor table and no PATH_MAX ends the program, and they can be removed again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directoryUsage } from '#parts/changeset'
import { removeTree } from '#ground/files'
import { Sandbox, say, semantics } from './changeset-sandbox.ts'

const depth = 1200
const deep = Array.from({ length: depth }, (_, index) => `d${index}`).join('/')

for (const kind of semantics) {
  test(`${depth} directories inside of each other, for ${kind}`, async () => {
    using sandbox = new Sandbox()
    applyDeep(sandbox, kind)
    assert.equal((await directoryUsage(sandbox.root)).inodes, depth + 2)
    const again = sandbox.apply(kind, [say(`${deep}/f`, { body: 'again' })])
    assert.equal(again, undefined)
    assert.equal(sandbox.apply(kind, [say('d0', { body: 'flat' })]), undefined)
    assert.deepEqual(await directoryUsage(sandbox.root), { bytes: 4, inodes: 2 })
  })
}

function applyDeep(sandbox: Sandbox, kind: (typeof semantics)[number]): void {
  assert.equal(sandbox.apply(kind, [say(`${deep}/f`, { body: 'x' })]), undefined)
}

test('a name that no file system holds is an error', () => {
  using sandbox = new Sandbox()
  const name = 'n'.repeat(256)
  assert.deepEqual(sandbox.apply('overlay', [say(name)]), {
    code: 'system',
    call: 'open',
    path: `/${name}`,
    errno: 'ENAMETOOLONG',
  })
})

test('such a tree goes when the layer is thrown away', async () => {
  using sandbox = new Sandbox()
  applyDeep(sandbox, 'overlay')
  await removeTree(sandbox.root)
  sandbox.assertUntouched()
})
