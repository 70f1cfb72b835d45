// Owner, mode, times and attributes never go through a symlink (CVE-2021-32760): not of a hard link to one, and not of a directory
// entry where a symlink stands.
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ChangesetApplier } from '#parts/changeset'
import { Sandbox, say, semantics } from './changeset-sandbox.ts'

const loud = {
  mode: 0o4777,
  uid: 1000,
  gid: 1000,
  mtime: { seconds: 5, nanoseconds: 5 },
  xattrs: { 'trusted.pwn': 'y' },
}

for (const kind of semantics) {
  test(`the facts of a symlink and of hard links to it stay with the symlink, for ${kind}`, () => {
    using sandbox = new Sandbox()
    for (const target of [`${sandbox.outside}/secret`, '../outside/secret', '../outside']) {
      assert.equal(
        sandbox.apply(kind, [
          say('s', { kind: 'symlink', link: target, ...loud }),
          say('again', { kind: 'hard-link', link: 's', ...loud }),
          say('by-way/again', { kind: 'hard-link', link: '../s', ...loud }),
        ]),
        undefined,
      )
      assert.match(sandbox.contents()['s'] ?? '', /^symlink 777 1000:1000/)
    }
  })

  test(`a directory entry replaces a symlink to a directory and leaves what that points to alone, for ${kind}`, () => {
    using sandbox = new Sandbox()
    const entries = [
      say('inside/', { kind: 'directory', mode: 0o700 }),
      say('s', { kind: 'symlink', link: 'inside', mode: 0o777 }),
      say('s/', { kind: 'directory', ...loud }),
    ]
    assert.equal(sandbox.apply(kind, entries), undefined)
    assert.match(sandbox.contents()['inside'] ?? '', /^directory 700 0:0/)
    assert.match(sandbox.contents()['s'] ?? '', /^directory 4777 1000:1000/)
  })

  test(`a file is nobody's to use before it has its owner: no setuid program of root's while it is written, for ${kind}`, () => {
    using sandbox = new Sandbox()
    using applier = new ChangesetApplier({ directory: sandbox.root, semantics: kind })
    const file = join(sandbox.root, 'program')
    applier.entry(say('program', { mode: 0o6777, uid: 1000, gid: 1000 }))
    applier.body(Buffer.from('#!/bin/sh\n'))
    assert.equal(statSync(file).mode & 0o7777, 0o600)
    applier.entryEnd()
    const { mode, uid } = statSync(file)
    assert.deepEqual([mode & 0o7777, uid], [0o6777, 1000])
  })
}
