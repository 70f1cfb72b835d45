// Names with `..` and absolute names (the oldest attack there is): they end at the root of the layer, never above it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChangesetApplier } from '#parts/changeset'
import { Sandbox, failureOf, say, semantics } from './changeset-sandbox.ts'

for (const kind of semantics) {
  test(`names with .. stop at the root of the layer, for ${kind}`, () => {
    using sandbox = new Sandbox()
    const escapes = [
      '../outside/secret',
      'a/../../outside/below/pwn',
      '/../../outside/secret2',
      `${'../'.repeat(40)}${sandbox.outside.slice(1)}/pwn`,
    ]
    assert.equal(
      sandbox.apply(
        kind,
        escapes.map((name) => say(name, { body: 'pwned' })),
      ),
      undefined,
    )
    const ownTemporary = sandbox.outside.slice(1).split('/')
    assert.ok(sandbox.names().includes([...ownTemporary, 'pwn'].join('/')))
    const others = sandbox.names().filter((name) => name.split('/')[0] !== ownTemporary[0])
    assert.deepEqual(others, ['outside', 'outside/below', 'outside/below/pwn', 'outside/secret', 'outside/secret2'])
  })

  test(`absolute names are names in the layer, for ${kind}`, () => {
    using sandbox = new Sandbox()
    assert.equal(sandbox.apply(kind, [say(`${sandbox.outside}/secret`, { body: 'pwned' })]), undefined)
    assert.ok(sandbox.names().includes(`${sandbox.outside}/secret`.slice(1)))
  })

  test(`whiteouts and links with .. stop at the root of the layer, for ${kind}`, () => {
    using sandbox = new Sandbox()
    sandbox.apply(kind, [
      say('../outside/.wh.secret'),
      say('../outside/.wh..wh..opq'),
      say('../../outside/below/.wh.secret'),
    ])
    sandbox.apply(kind, [say('pwn', { kind: 'hard-link', link: '../outside/secret' })])
    sandbox.apply(kind, [say('../outside/', { kind: 'directory', mode: 0o777, uid: 1 })])
  })

  test(`a NUL ends no name: it is refused, for ${kind}`, () => {
    using sandbox = new Sandbox()
    using applier = new ChangesetApplier({ directory: sandbox.root, semantics: kind })
    for (const facts of [{}, { kind: 'directory' }, { kind: 'symlink', link: 'x' }] as const) {
      const failure = failureOf(() => applier.entry(say('secret\0.txt', facts)))
      assert.equal(failure?.code, 'tar-invalid')
    }
    for (const link of ['symlink', 'hard-link'] as const) {
      assert.equal(failureOf(() => applier.entry(say('l', { kind: link, link: 'x\0y' })))?.code, 'tar-invalid')
    }
    assert.deepEqual(sandbox.names(), [])
  })
}
