// Another process swaps a directory for a symlink while the layer is unpacked (CVE-2018-15664; CVE-2025-47290, where a speed-up of
// unpacking reopened the hole): between any two system calls the same path means another place.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import type { TarEntry } from '#formats/tar'
import { Sandbox, applyTo, failureOf, say, semantics } from './changeset-sandbox.ts'

const swapper = fileURLToPath(new URL('changeset-swapper.ts', import.meta.url))
const milliseconds = 1500

async function startSwapping(one: string, other: string): Promise<ChildProcess & Disposable> {
  const child = spawn(process.execPath, [swapper, one, other], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return Object.assign(child, { [Symbol.dispose]: () => void child.kill('SIGKILL') })
}

/** Everything that could reach a file outside by way of `d`. */
function attack(round: number): readonly TarEntry[] {
  const facts = { mode: 0o777, uid: 1, gid: 1, xattrs: { 'trusted.pwn': 'y' } }
  return [
    say('d/below/', { kind: 'directory', ...facts }),
    say('d/secret', { body: 'pwned', ...facts }),
    say('d/below/secret', { body: 'pwned', ...facts }),
    say(`d/new-${round}`, { body: 'pwned', ...facts }),
    say(`d/new-${round}-directory/below/f`, { body: 'pwned' }),
    say(`d/new-${round}-directory/`, { kind: 'directory', ...facts }),
    say('d/link', { kind: 'symlink', link: 'pwned' }),
    say(`d/fifo-${round}`, { kind: 'fifo', ...facts }),
    say(`pwn-${round}`, { kind: 'hard-link', link: 'd/secret', ...facts }),
    say(`d/pwn-${round}`, { kind: 'hard-link', link: 'mine', ...facts }),
    say('d/.wh.below'),
    say('d/.wh..wh..opq'),
  ]
}

for (const kind of semantics) {
  test(`whoever swaps a directory for a symlink gains nothing, for ${kind}`, async () => {
    using sandbox = new Sandbox()
    mkdirSync(join(sandbox.root, 'd'))
    symlinkSync('../outside', join(sandbox.root, 'other'))
    applyTo(sandbox.root, kind, [say('mine', { body: 'mine' })])
    using _swapping = await startSwapping(join(sandbox.root, 'd'), join(sandbox.root, 'other'))
    const began = performance.now()
    let applied = 0
    for (let round = 0; performance.now() - began < milliseconds; round++) {
      // What is in the way half of the time may fail an entry: the others go on.
      for (const entry of attack(round)) {
        if (failureOf(() => applyTo(sandbox.root, kind, [entry])) === undefined) applied++
      }
      failureOf(() => applyTo(sandbox.root, kind, attack(round)))
    }
    sandbox.assertUntouched()
    assert.ok(applied > 50, `only ${applied} entries were applied at all`)
  })
}
