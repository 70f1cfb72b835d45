// Another process swaps a directory for a symlink while the layer is unpacked (CVE-2018-15664; CVE-2025-47290, where a speed-up of
// unpacking reopened the hole): between any two system calls the same path means another place.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import type { TarEntry } from '#formats/tar'
import { ChangesetApplier } from '#parts/changeset'
import { type Semantics, Sandbox, applyTo, failureOf, say, semantics } from './changeset-sandbox.ts'

const swapper = fileURLToPath(new URL('changeset-swapper.ts', import.meta.url))
const millisecondsEach = 120

async function startSwapping(...paths: readonly string[]): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, [swapper, ...paths], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const ended = once(child, 'exit')
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

const facts = { mode: 0o777, uid: 1, gid: 1, xattrs: { 'trusted.pwn': 'y' } }

/** Everything that could reach a file outside by way of `top/d`, or by taking `top/d` for what it was a moment ago. */
const attacks: readonly TarEntry[] = [
  say('top/d/', { kind: 'directory', ...facts }),
  say('top/d/below/', { kind: 'directory', ...facts }),
  say('top/d/secret', { body: 'pwned', ...facts }),
  say('top/d/below/secret', { body: 'pwned', ...facts }),
  say('top/d/new/below/f', { body: 'pwned', ...facts }),
  say('top/d/link', { kind: 'symlink', link: 'pwned', ...facts, xattrs: {} }),
  say('top/d/fifo', { kind: 'fifo', ...facts }),
  say('pwn', { kind: 'hard-link', link: 'top/d/secret', ...facts }),
  say('top/d/pwn', { kind: 'hard-link', link: 'mine', ...facts }),
  say('top/d/.wh.below'),
  say('top/d/.wh..wh..opq'),
  say('top/.wh.d'),
  say('top/d', { kind: 'fifo' }),
  say('top/.wh..wh..opq'),
]

/** What is in the way half of the time may fail an entry. @returns how often it did not */
function applyAgainAndAgain(root: string, semantics: Semantics, entry: TarEntry): number {
  let applied = 0
  const until = performance.now() + millisecondsEach
  while (performance.now() < until) {
    using applier = new ChangesetApplier({ directory: root, semantics })
    for (let time = 0; time < 20; time++) {
      const failure = failureOf(() => {
        applier.entry(entry)
        applier.body(Buffer.from('pwned'))
        applier.entryEnd()
      })
      if (failure === undefined) applied++
    }
    failureOf(() => applier.finish())
  }
  return applied
}

for (const kind of semantics) {
  test(`whoever swaps a directory for a symlink gains nothing, for ${kind}`, async () => {
    using sandbox = new Sandbox()
    const names = ['d', 'other'].map((name) => join(sandbox.root, 'top', name))
    applyTo(sandbox.root, kind, [say('mine', { body: 'mine' }), say('top/', { kind: 'directory', mode: 0o755 })])
    await using _swapping = await startSwapping(...names, '../../outside')
    let applied = 0
    for (const entry of attacks) applied += applyAgainAndAgain(sandbox.root, kind, entry)
    sandbox.assertUntouched()
    assert.ok(applied > 500, `only ${applied} entries were applied at all`)
  })
}
