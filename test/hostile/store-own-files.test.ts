// The store's own files: closed to others whatever the umask, every descriptor closed when another program starts, temporary names that
// nobody can guess and that are only ever created anew, and nothing written to what is read only.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { openStore, pullImage } from '../../src/index.ts'
import { isTraceable, shale, traceShale, wordsFor } from '../crash/trace.ts'
import { fixture } from '../fixtures/fixture.ts'
import { makePlace, must, type Place } from '../place.ts'
import { treeListing } from '../tree-listing.ts'
import { drivers } from './victim.ts'

const skip = isTraceable ? false : 'strace cannot trace here'

/** Kind and rights of everything in a store, but for the trees of layers; what is random in names left out. */
function rightsIn(place: Place): Readonly<Record<string, string>> {
  const rights: Record<string, string> = {}
  const walk = (directory: string, base: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      const { mode, uid } = lstatSync(path)
      const name = relative(base, path)
        .replaceAll(/[0-9a-f]{64}/g, 'ID')
        .replace(/^(overlay\/l\/).*/, '$1LINK')
        .replace(/(images\/ID\/)=.*/, '$1ITEM')
      rights[name] = `${entry.isDirectory() ? 'directory' : 'file'} ${(mode & 0o7777).toString(8)} ${uid}`
      if (entry.isDirectory() && !/\/diff$|^vfs\/dir\/ID$/.test(name)) walk(path, base)
    }
  }
  walk(place.graph, place.graph)
  walk(place.run, place.run)
  return rights
}

for (const driver of drivers) {
  test(`under any umask roots are closed, records belong to the owner alone, and all else is as the original has it (${driver})`, async () => {
    const { source } = await fixture('tiny')
    for (const umask of ['0', '022', '077']) {
      using place = makePlace(driver)
      const under = (...words: readonly string[]) =>
        spawnSync('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', shale, ...wordsFor(place, words)], {
          encoding: 'utf8',
        })
      for (const words of [['pull', source], ['create', 'tiny', 'box'], ['images']]) {
        const given = under(...words)
        assert.equal(given.status, 0, `umask ${umask}: ${given.stderr}`)
      }
      assert.deepEqual(
        [place.graph, place.run].map((root) => (lstatSync(root).mode & 0o7777).toString(8)),
        ['700', '700'],
      )
      const rights = rightsIn(place)
      const open = Object.entries(rights).filter(([name, facts]) => {
        const isTop = !name.includes('/')
        if (facts.startsWith('directory')) return isTop && !/ (?:700|[0-6]00) /.test(facts)
        return /\.json$|tar-split|images\/ID\/|containers\/ID\//.test(name) && !/ [0-7]00 /.test(facts)
      })
      assert.deepEqual(open, [], `umask ${umask}`)
    }
  })

  test(`kinds and rights are those of the original (${driver})`, async () => {
    const { source } = await fixture('tiny')
    using ours = makePlace(driver)
    using theirs = makePlace(driver)
    must(ours.shale('pull', source))
    execFileSync('skopeo', ['copy', '--quiet', '--insecure-policy', source, `${theirs.transport}tiny`])
    const [mine, original] = [rightsIn(ours), rightsIn(theirs)]
    const differing = Object.keys(mine).filter((name) => name in original && mine[name] !== original[name])
    // Lock files and the like that only one of the two makes say nothing of rights.
    assert.deepEqual(Object.fromEntries(differing.map((name) => [name, [mine[name], original[name]]])), {})
  })

  test(
    `every descriptor is closed when another program starts, and new files are new (${driver})`,
    { skip },
    async () => {
      using place = makePlace(driver)
      const { source } = await fixture('edges')
      const traced = [
        ['pull', source],
        ['create', 'edges', 'box'],
        ['mount', 'box'],
        ['diff', 'box'],
        ['save', 'edges', `dir:${place.directory}/out`],
        ['unmount', 'box'],
        ['rm', 'box'],
        ['rmi', 'edges'],
      ].map((words) => ({ words, ...traceShale(place, ...words) }))
      const temporary: string[] = []
      for (const { words, given, calls } of traced) {
        must(given)
        const opened = calls.filter(({ name }) =>
          /^(?:open|openat|openat2|creat|dup|dup2|dup3|socket|pipe2?|memfd_create)$/.test(name),
        )
        const ours = opened.filter((call) => `${call.arguments}${call.result}`.includes(place.directory))
        assert.ok(ours.length > 5, words.join(' '))
        assert.deepEqual(
          ours.filter(({ arguments: given }) => !given.includes('O_CLOEXEC')),
          [],
          words.join(' '),
        )
        for (const call of ours) {
          const [, name = ''] = /(?:tempdirs|tmp)\/((?:lock|temp-dir)-\d+|\.tmp-[^"/>]*)"/.exec(call.arguments) ?? []
          if (name === '' || !call.arguments.includes('O_CREAT')) continue
          const isAgain = temporary.includes(name)
          if (!isAgain) temporary.push(name)
          assert.ok(isAgain || call.arguments.includes('O_EXCL'), `${call.name}(${call.arguments})`)
        }
      }
      // Random, and of more than a guess or a thousand.
      const numbers = temporary.map((name) => Number(/(\d+)$/.exec(name)?.[1]))
      assert.ok(numbers.length > 10)
      assert.equal(new Set(numbers).size, numbers.length)
      const sorted = numbers.toSorted((a, b) => a - b)
      assert.ok((sorted.at(-1) ?? 0) - (sorted[0] ?? 0) > 2 ** 28, `numbers lie close together: ${sorted.join(' ')}`)
    },
  )
}

test('a program that is started in the middle of a pull gets no descriptor of it', async () => {
  using place = makePlace('overlay')
  await using store = await openStore({ graphRoot: place.graph, runRoot: place.run, driver: 'overlay' })
  const inherited = new Set<string>()
  let children = 0
  let own = 0
  const { source } = await fixture('edges')
  await pullImage(store, source, {
    onProgress: () => {
      if (children >= 40) return
      children += 1
      own += readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).startsWith(place.directory)).length
      const { stdout } = spawnSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' })
      for (const [, target = ''] of stdout.matchAll(/ -> (.*)$/gm)) if (target.startsWith('/')) inherited.add(target)
    },
  })
  assert.ok(children > 3 && own > 0, `${children} children, ${own} descriptors to be inherited`)
  assert.deepEqual(
    [...inherited].filter((target) => !target.startsWith('/proc/') && target !== '/dev/null'),
    [],
  )
})

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

test('somebody who puts files and symlinks where temporary ones could come gains nothing', async () => {
  using place = makePlace('overlay')
  const { source } = await fixture('tiny')
  must(place.shale('pull', source))
  must(place.shale('rmi', 'tiny'))
  const outside = join(place.directory, 'outside')
  writeFileSync(outside, 'outside')
  // The names that a predictable program would take next.
  for (const room of ['overlay/tempdirs', 'overlay-layers/tmp', 'overlay-layers', 'overlay-images']) {
    for (let number = 0; number < 500; number++) {
      for (const name of ['.tmp-layers.json', '.tmp-images.json', 'lock-', 'temp-dir-']) {
        symlinkSync(outside, join(place.graph, room, `${name}${number}`))
      }
    }
  }
  must(place.shale('pull', source))
  assert.equal(readFileSync(outside, 'utf8'), 'outside')
})

test('an additional store is never written to, not even a lock file, and works on a read-only medium', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shale-additional-'))
  const other = join(directory, 'graph')
  const { source } = await fixture('tiny')
  mkdirSync(other)
  must({
    ...spawnSyncText(shale, [
      '--root',
      other,
      '--runroot',
      join(directory, 'run'),
      '--storage-driver',
      'overlay',
      'pull',
      source,
    ]),
  })
  execFileSync('mount', ['--bind', other, other])
  execFileSync('mount', ['-o', 'remount,ro,bind', other])
  try {
    const before = treeListing(other)
    using place = makePlace('overlay')
    const withOther = (...words: readonly string[]) =>
      place.shale('--storage-opt', `overlay.imagestore=${other}`, ...words)
    for (const words of [
      ['images'],
      ['layers'],
      ['df'],
      ['pull', source],
      ['create', 'tiny', 'box'],
      ['mount', 'box'],
      ['unmount', 'box'],
      ['rm', 'box'],
      ['rmi', 'tiny'],
    ]) {
      must(withOther(...words))
    }
    assert.deepEqual(treeListing(other), before)
  } finally {
    execFileSync('umount', ['--lazy', other])
    spawnSync('umount', ['--lazy', join(other, 'overlay')])
    rmSync(directory, { recursive: true, force: true })
  }
})

function spawnSyncText(program: string, words: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(program, words, { encoding: 'utf8' })
  return { stdout, stderr, status: status ?? 128 }
}
