// Whiteouts of no name, of the directory itself, and of the one above: the original removes that, up to the whole layer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sandbox, say, semantics } from './changeset-sandbox.ts'

for (const kind of semantics) {
  for (const name of ['.wh.', '.wh..', '.wh...']) {
    test(`a file named exactly "${name}" hides nothing, for ${kind}`, () => {
      for (const place of ['', 'd/', 'd/e/']) {
        using sandbox = new Sandbox()
        assert.equal(sandbox.apply(kind, [say('d/e/f', { body: 'x' })]), undefined)
        const failure = sandbox.apply(kind, [say(`${place}${name}`)])
        const problem = `"${place}${name}" is a whiteout of no name`
        assert.deepEqual(failure, { code: 'tar-invalid', problem })
        assert.deepEqual(sandbox.names(), ['d', 'd/e', 'd/e/f'])
      }
    })
  }

  test(`a name that only looks like a way up is a name, for ${kind}`, () => {
    using sandbox = new Sandbox()
    assert.equal(sandbox.apply(kind, [say('d/e', { body: 'x' })]), undefined)
    assert.equal(sandbox.apply(kind, [say('d/.wh.....'), say('d/.wh.. '), say('d/.wh.\\')]), undefined)
    assert.ok(sandbox.names().includes('d/e'))
  })
}
