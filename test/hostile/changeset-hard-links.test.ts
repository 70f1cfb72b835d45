// Hard links: their target is looked up by the same rules and by the same calls that make the link (CVE-2026-24842, -50163), also
// through chains of symlinks (CVE-2026-26960), and the place of the link itself is looked up like any other (CVE-2025-5981).
import assert from 'node:assert/strict'
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TarEntry } from '#formats/tar'
import { Sandbox, say, semantics } from './changeset-sandbox.ts'

const link = (path: string, target: string): TarEntry => say(path, { kind: 'symlink', link: target, mode: 0o777 })
const hardLink = (path: string, target: string): TarEntry =>
  say(path, { kind: 'hard-link', link: target, mode: 0o666, uid: 7 })

for (const kind of semantics) {
  test(`a hard link gets no other name for a file outside, for ${kind}`, () => {
    const targets = (outside: string) => [
      '../outside/secret',
      `${outside}/secret`,
      `/..${outside}/secret`,
      'a/../../outside/secret',
      './../outside/link',
      `${'../'.repeat(50)}${outside.slice(1)}/secret`,
    ]
    for (let index = 0; index < 6; index++) {
      using sandbox = new Sandbox()
      const target = targets(sandbox.outside)[index] ?? ''
      const failure = sandbox.apply(kind, [hardLink('pwn', target), say('pwn', { body: 'pwned' })])
      assert.deepEqual([failure?.code, sandbox.names()], ['system', []])
    }
  })

  test(`a hard link through a chain of symlinks ends inside, for ${kind}`, () => {
    using sandbox = new Sandbox()
    const chain = [link('a', 'b'), link('b', 'c'), link('c', sandbox.outside), hardLink('pwn', 'a/secret')]
    assert.deepEqual(sandbox.apply(kind, chain), { code: 'system', call: 'link', path: '/pwn', errno: 'ENOENT' })
  })

  test(`a hard link to a symlink is a link to the symlink, and what is written to its name replaces it, for ${kind}`, () => {
    using sandbox = new Sandbox()
    const entries = [link('a', `${sandbox.outside}/secret`), hardLink('b', 'a')]
    assert.equal(sandbox.apply(kind, entries), undefined)
    assert.ok(lstatSync(join(sandbox.root, 'b')).isSymbolicLink())
    assert.equal(sandbox.apply(kind, [say('b', { body: 'written' })]), undefined)
    assert.match(sandbox.contents()['b'] ?? '', /^file /)
    assert.match(sandbox.contents()['a'] ?? '', /^symlink /)
  })

  test(`the place of a hard link is inside too, for ${kind}`, () => {
    using sandbox = new Sandbox()
    const entries = [say('mine', { body: 'mine' }), link('way', '../outside'), hardLink('way/pwn', 'mine')]
    sandbox.apply(kind, entries)
    using other = new Sandbox()
    assert.equal(other.apply(kind, [say('mine', { body: 'mine' }), hardLink('../outside/pwn', '/mine')]), undefined)
    assert.deepEqual(other.names(), ['mine', 'outside', 'outside/pwn'])
  })

  test(`a hard link to the root or to itself is an error and no more, for ${kind}`, () => {
    for (const target of ['', '/', '.', '..', 'self', '../self']) {
      using sandbox = new Sandbox()
      assert.equal(sandbox.apply(kind, [say('kept', { body: 'x' }), hardLink('self', target)])?.code, 'system')
      assert.deepEqual(sandbox.names(), ['kept'])
    }
  })
}
