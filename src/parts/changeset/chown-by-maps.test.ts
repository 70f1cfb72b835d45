import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { IdMaps } from '#model'
import { chownByMaps } from './chown-by-maps.ts'
import { type Told, apply, directory, file, hardLink, symlink } from './trial-entries.ts'
import { listingOf, trialDirectory } from './trial-listing.ts'

function maps(hostId: number, size = 65_536): IdMaps {
  const ranges = [{ containerId: 0, hostId, size }]
  return { uids: ranges, gids: ranges }
}

const capability = `\u0001\0\0\u0002\0\u0020${'\0'.repeat(14)}`

/** Names, owners and modes. */
function ownersIn(path: string): Record<string, string> {
  const lines = Object.entries(listingOf(path)).filter(([name]) => name !== '.')
  return Object.fromEntries(lines.map(([name, line]) => [name, line.split(' ').slice(1, 3).join(' ')]))
}

async function rechowned(entries: readonly Told[], from: IdMaps, to: IdMaps): Promise<Record<string, string>> {
  using trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'overlay' }, entries)
  await chownByMaps(trial.path, { from, to })
  return ownersIn(trial.path)
}

test('owners go from one map to the other, with special bits and capabilities kept, and not the root', async () => {
  using trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'overlay' }, [
    directory('d/', { uid: 100_001, gid: 100_002 }),
    file('d/setuid', '', { uid: 100_003, gid: 100_003, mode: 0o6755 }),
    file('capable', '', { uid: 100_000, gid: 100_000, xattrs: { 'security.capability': capability } }),
    symlink('s', '/etc/passwd', { uid: 100_004, gid: 100_004 }),
  ])
  await chownByMaps(trial.path, { from: maps(100_000), to: maps(200_000) })
  assert.deepEqual(ownersIn(trial.path), {
    capable: '644 200000:200000',
    d: '755 200001:200002',
    'd/setuid': '6755 200003:200003',
    s: '777 200004:200004',
  })
  assert.ok(listingOf(trial.path)['capable']?.includes('security.capability='))
  assert.match(listingOf(trial.path)['.'] ?? '', / 0:0 /)
})

test("the machine's root stays root of the container, other strangers are refused", async () => {
  assert.deepEqual(await rechowned([file('f')], maps(100_000), maps(200_000)), { f: '644 200000:200000' })
  const stranger = rechowned([file('f', '', { uid: 5 })], maps(100_000), maps(200_000))
  await assert.rejects(stranger, { failure: { code: 'id-unmapped', side: 'host', id: 5 } })
})

test('who has no place in the new map becomes nobody, and without maps owners are those of the container', async () => {
  const entries = [file('f', '', { uid: 100_500, gid: 100_001 })]
  assert.deepEqual(await rechowned(entries, maps(100_000), maps(200_000, 100)), { f: '644 65534:200001' })
  assert.deepEqual(await rechowned(entries, maps(100_000), {}), { f: '644 500:1' })
  assert.deepEqual(await rechowned([file('f', '', { uid: 3, gid: 4 })], {}, maps(200_000)), { f: '644 200003:200004' })
})

test('hard links are mapped once', async () => {
  using trial = trialDirectory()
  const facts = { uid: 3, gid: 3 }
  apply({ directory: trial.path, semantics: 'overlay' }, [
    file('a/f', 'x', facts),
    hardLink('b/f', 'a/f', facts),
    hardLink('c', 'a/f', facts),
  ])
  await chownByMaps(trial.path, {
    from: {},
    to: {
      uids: [
        { containerId: 3, hostId: 4, size: 1 },
        { containerId: 4, hostId: 99, size: 1 },
      ],
    },
  })
  const listing = listingOf(trial.path)
  for (const name of ['a/f', 'b/f', 'c']) assert.match(listing[name] ?? '', / 4:3 .*=a\/fx3 /)
})

const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0

test(
  'hard links stay links where overlay copies files up',
  { skip: canMount ? false : 'no right to mount' },
  async () => {
    using trial = trialDirectory()
    const at = (name: string) => join(trial.path, name)
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(at(name))
    apply({ directory: at('lower'), semantics: 'overlay' }, [file('a', 'x'), hardLink('b', 'a'), hardLink('d/c', 'a')])
    const options = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')},index=off`
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, at('merged')])
    try {
      await chownByMaps(at('merged'), { from: {}, to: maps(100_000) })
    } finally {
      execFileSync('umount', [at('merged')])
    }
    const listing = listingOf(at('upper'))
    for (const name of ['a', 'b', 'd/c']) assert.match(listing[name] ?? '', /^file 644 100000:100000 .* =ax3 /)
  },
)
