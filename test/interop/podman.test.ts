// Podman runs, pushes, changes and removes what Shale wrote, and Shale reads, saves and removes what Podman wrote.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSound } from '../crash/store-state.ts'
import { fixture } from '../fixtures/fixture.ts'
import { answer, type DriverName, makePlace, must, podmanRunFlags, type Place } from '../place.ts'
import { copyBySkopeo, manifestOf, remains, runInPodman, treeByPodman, treeByUmoci } from './podman-views.ts'

const drivers = ['overlay', 'vfs'] satisfies readonly DriverName[]

const pull = async (place: Place, name: 'tiny' | 'edges' | 'debian'): Promise<void> => {
  must(place.shale('pull', (await fixture(name)).source))
}

interface Listed {
  readonly Id: string
}

/** What Podman tells of some images, without the directory of the store. */
function toldByPodman(place: Place, names: readonly string[]) {
  const json = (...words: readonly string[]): unknown =>
    JSON.parse(must(place.podman(...words)).replaceAll(place.graph, 'GRAPH'))
  const images = json('images', '--format', 'json') as readonly Listed[]
  return {
    images: images.toSorted((a, b) => (a.Id < b.Id ? -1 : 1)),
    inspected: json('inspect', ...names),
    trees: names.map((name) => must(place.podman('image', 'tree', name))),
    histories: names.map((name) => json('history', '--format', 'json', name)),
  }
}

for (const driver of drivers) {
  test(`Podman sees in what Shale pulled what it sees in what Skopeo pulled (${driver})`, async () => {
    using ours = makePlace(driver)
    using theirs = makePlace(driver)
    const names = ['tiny', 'edges', 'debian'] as const
    for (const name of names) {
      await pull(ours, name)
      copyBySkopeo(theirs, (await fixture(name)).source, `localhost/${name}:latest`)
    }
    assert.deepEqual(toldByPodman(ours, names), toldByPodman(theirs, names))
    assert.deepEqual(treeByPodman(ours, 'edges'), treeByPodman(theirs, 'edges'))
    assert.deepEqual(treeByPodman(ours, 'tiny'), treeByPodman(theirs, 'tiny'))
  })

  test(`what Podman mounts has the links, names, attributes and capabilities, and not what was deleted (${driver})`, async () => {
    using place = makePlace(driver)
    await pull(place, 'edges')
    const tree = treeByPodman(place, 'edges')
    const hex = (text: string): string => Buffer.from(text).toString('hex')
    assert.match(tree['edges/xattrs/user'] ?? '', new RegExp(`user\\.colour=0x${hex('green')}`))
    assert.match(tree['edges/xattrs/directory'] ?? '', new RegExp(`user\\.on\\.directory=0x${hex('yes')}`))
    assert.match(tree['edges/xattrs/several'] ?? '', /user\.binary=0x00ff0a3d0d/)
    assert.match(tree['edges/xattrs/capable'] ?? '', /security\.capability=0x0[12]0000020024/)
    assert.match(tree['edges/modes/odd'] ?? '', /^file 6741 /)
    assert.match(tree['edges/modes/owner-3000000000'] ?? '', / 3000000000:2999999999 /)
    assert.match(tree['edges/times/late'] ?? '', / at 8589934592000000001$/)
    assert.match(tree['edges/names/d\xff\xfe/inner\x80'] ?? '', /^file /)
    assert.equal(tree['edges/links/far-up']?.includes('-> ../../../../../../etc/motd'), true)
    const deleted = ['edges/nodes', 'edges/links/first', 'edges/links/deep/third', 'edges/modes/closed']
    assert.deepEqual(
      [...deleted, 'edges/names/line\nbreak', 'edges/names/caf\xe9'].filter((name) => tree[name] !== undefined),
      [],
    )
    assert.deepEqual(
      Object.keys(tree).filter((name) => path.basename(name).startsWith('.wh.')),
      [],
    )
  })

  test(`Podman runs what Shale pulled; a container sees deletions, links and modes (${driver})`, async () => {
    using place = makePlace(driver)
    await pull(place, 'tiny')
    await pull(place, 'edges')
    assert.equal(runInPodman(place, 'tiny', 'cat', '/etc/motd'), 'hello from the second layer\n')
    const script = [
      'set -e; cd /edges',
      'for gone in nodes links/first links/deep/third modes/closed modes/.wh.closed; do test ! -e $gone; done',
      'ls -A links/deep',
      'cat links/second links/directory links/absolute contents/zeros/inner contents/empty-directory',
      'stat -c "%a %u:%g" modes/setuid modes/odd modes/sticky modes/owner-70000',
      'bottom=$(find names -name bottom)',
      'test $(stat -c %i "$bottom") = $(stat -c %i "$bottom-again"); stat -c %h "$bottom"',
      'sha256sum contents/noise | cut -c 1-16; stat -c %s contents/65537',
      // The writable layer takes changes, a change of a file below and of a directory with children.
      'echo more >> links/second; rm -r names; mkdir names; cat links/second; ls names',
    ].join('\n')
    const noise = treeByPodman(place, 'edges')['edges/contents/noise']?.split(' ')[4]
    assert.equal(
      runInPodman(place, 'edges', 'sh', '-c', script),
      [
        'new',
        'one file, three names',
        'a file where a symlink was',
        'hello from the second layer',
        'a directory where a file was',
        'a file where a directory was',
        '4755 0:0',
        '6741 0:0',
        '755 0:0',
        '644 70000:69999',
        '2',
        noise,
        '65537',
        'one file, three names',
        'more',
        '',
      ].join('\n'),
    )
    // Nothing of it reached the image.
    assert.equal(runInPodman(place, 'edges', 'cat', '/edges/links/second'), 'one file, three names\n')
    assert.equal(must(place.shale('containers', '--json')).trim(), '[]')
    assertSound(place)
  })

  test(`a Debian that Shale pulled works in Podman, and every file is as its package says (${driver})`, async () => {
    using place = makePlace(driver)
    await pull(place, 'debian')
    // The fixture goes without what apt downloads to.
    const verify = 'dpkg --verify | grep -v "^missing .*/partial$"; apt-get --version | head -n 1'
    assert.match(runInPodman(place, 'debian', 'bash', '-c', verify), /^apt \d\S* \(\w+\)\n$/)
    // As another user, through a file with rights of its own.
    const asNobody = must(
      place.podman('run', '--rm', ...podmanRunFlags, '--user', '65534', 'debian', 'bash', '-c', 'id -u; umask; pwd'),
    )
    assert.equal(asNobody, '65534\n0022\n/\n')
  })

  test(`Podman pushes from a store that Shale filled what it pushes from one that it filled itself (${driver})`, async () => {
    using ours = makePlace(driver)
    using theirs = makePlace(driver)
    const { source } = await fixture('edges-docker-archive')
    must(ours.shale('pull', source))
    must(theirs.podman('pull', '--quiet', source))
    for (const [kind, flags] of [
      ['oci', []],
      ['dir', ['--format', 'v2s2']],
    ] as const) {
      const [pushed, expected] = [ours, theirs].map((place) => {
        const to = `${kind}:${path.join(place.directory, kind)}${kind === 'oci' ? ':v1' : ''}`
        must(place.podman('push', '--quiet', ...flags, 'edges', to))
        return manifestOf(to)
      })
      assert.deepEqual(pushed, expected)
    }
    // What needs no new compression keeps the digests with which it came.
    const copied = path.join(ours.directory, 'copied')
    const keep = ['copy', '--quiet', '--insecure-policy', '--preserve-digests']
    must(ours.shale('pull', '--name', 'localhost/plain:latest', (await fixture('tiny-plain')).source))
    const flags = ['--dest-oci-accept-uncompressed-layers']
    must(answer('skopeo', [...keep, ...flags, `${ours.transport}localhost/plain:latest`, `oci:${copied}:v1`]))
    assert.deepEqual(manifestOf(`oci:${copied}:v1`), manifestOf((await fixture('tiny-plain')).source))
  })

  test(`Shale reads and saves what Podman committed on top of what Shale pulled (${driver})`, async () => {
    using place = makePlace(driver)
    await pull(place, 'edges')
    const script = 'echo new > /new; rm /edges/links/second; mkdir /edges/xattrs/more; chmod 700 /etc; ln /new /hard'
    must(place.podman('run', '--name', 'made', ...podmanRunFlags, 'edges', 'sh', '-c', script))
    must(place.podman('commit', '--quiet', 'made', 'committed:v1'))
    assert.equal(must(place.shale('cat', 'committed:v1', '/new')), 'new\n')
    assertReadsAs(place, 'committed:v1', [
      'A /edges/xattrs/more',
      'A /hard',
      'A /new',
      'C /edges',
      'C /edges/links',
      'C /edges/xattrs',
      'C /etc',
      'D /edges/links/second',
    ])
    assertSavesAs(place, 'committed:v1')
    assertSound(place)
  })

  test(`Shale reads, saves and runs what Podman built on top of what Shale pulled (${driver})`, async () => {
    using place = makePlace(driver)
    await pull(place, 'tiny')
    const context = path.join(place.directory, 'context')
    mkdirSync(context)
    writeFileSync(path.join(context, 'added'), 'added\n')
    writeFileSync(
      path.join(context, 'Containerfile'),
      [
        'FROM localhost/tiny:latest',
        'COPY --chown=7:8 added /srv/added',
        'RUN echo built > /built && rm /etc/motd && mkdir -p /a/b && ln /built /a/hard && chmod 4711 /built',
        'ENV BUILT=yes',
        'CMD ["cat", "/built"]',
      ].join('\n'),
    )
    const limits = podmanRunFlags.slice(2)
    must(place.podman('build', '--quiet', '--isolation', 'chroot', ...limits, '-t', 'built:v1', context))
    assert.equal(runInPodman(place, 'built:v1'), 'built\n')
    assert.equal(must(place.shale('cat', 'built:v1', '/srv/added')), 'added\n')
    const { layers } = JSON.parse(must(place.shale('tree', '--json', 'built:v1'))) as { layers: readonly unknown[] }
    assert.equal(layers.length, 4)
    assertReadsAs(place, 'built:v1', ['A /a', 'A /a/b', 'A /a/hard', 'A /built', 'C /etc', 'D /etc/motd'])
    assertSavesAs(place, 'built:v1')
    assertSound(place)
  })

  test(`what Shale pulled, Podman removes, and what Podman pulled, Shale removes, to the last file (${driver})`, async () => {
    using place = makePlace(driver)
    must(place.podman('images'))
    must(place.shale('images'))
    must(place.podman('pull', '--quiet', (await fixture('tiny-docker-archive')).source))
    must(place.podman('rmi', '--all'))
    must(place.go('layers'))
    const empty = remains(place)

    await pull(place, 'edges')
    assert.notDeepEqual(remains(place), empty)
    must(place.podman('run', '--name', 'used', ...podmanRunFlags, 'edges', 'touch', '/written'))
    assert.match(must(place.shale('containers')), /used/)
    const refused = place.shale('rmi', 'edges')
    assert.notEqual(refused.status, 0)
    assert.match(refused.stderr, /in use/)
    must(place.podman('rm', 'used'))
    must(place.podman('rmi', 'edges'))
    assert.deepEqual(remains(place), empty)
    assert.equal(must(place.shale('layers', '--json')).trim(), '[]')

    must(place.podman('pull', '--quiet', (await fixture('edges-docker-archive')).source))
    must(place.podman('run', '--name', 'used', ...podmanRunFlags, 'edges', 'touch', '/written'))
    must(place.podman('commit', '--quiet', 'used', 'committed:v1'))
    must(place.podman('rm', 'used'))
    must(place.shale('rmi', 'committed:v1'))
    must(place.shale('rmi', 'docker.io/library/edges:latest'))
    assert.deepEqual(remains(place), empty)
    assert.equal(must(place.podman('images', '--all', '--quiet')), '')
    assert.equal(must(place.go('layers')), '')
  })

  test(`a container that Shale made is one of Podman's external ones: listed, mounted, removed (${driver})`, async () => {
    using place = makePlace(driver)
    await pull(place, 'edges')
    const id = must(place.shale('create', 'edges', 'ours')).trim()
    const external = JSON.parse(must(place.podman('ps', '--all', '--external', '--format', 'json'))) as readonly {
      readonly Id: string
      readonly Names: readonly string[]
      readonly Image: string
      readonly State: string
    }[]
    assert.deepEqual(
      external.map(({ Id, Names, Image, State }) => ({ Id, Names, Image, State })),
      [{ Id: id, Names: ['ours'], Image: 'localhost/edges:latest', State: 'storage' }],
    )
    const mountpoint = must(place.podman('mount', 'ours')).trim()
    writeFileSync(path.join(mountpoint, 'by-podman'), 'through a mount of Podman\n')
    assert.equal(must(place.shale('mount', 'ours')).trim(), mountpoint)
    assert.equal(readFileSync(path.join(mountpoint, 'etc/motd'), 'utf8'), 'hello from the second layer\n')
    must(place.podman('unmount', 'ours'))
    if (driver === 'overlay') assert.equal(existsSync(path.join(mountpoint, 'by-podman')), true, 'one mount is left')
    must(place.shale('unmount', 'ours'))
    assert.equal(must(place.shale('cat', 'ours', '/by-podman')), 'through a mount of Podman\n')
    must(place.podman('rm', 'ours'))
    assert.equal(must(place.shale('containers', '--json')).trim(), '[]')
    must(place.shale('rmi', 'edges'))
    assert.equal(must(place.go('layers')), '')
  })

  test(`Podman runs and changes what Shale committed (${driver})`, async () => {
    using place = makePlace(driver)
    await pull(place, 'edges')
    must(place.shale('create', 'edges', 'ours'))
    const mountpoint = must(place.shale('mount', 'ours')).trim()
    writeFileSync(path.join(mountpoint, 'written'), 'by shale\n', { mode: 0o640 })
    must(answer('rm', ['-r', path.join(mountpoint, 'edges/names'), path.join(mountpoint, 'edges/links/second')]))
    must(answer('mkdir', [path.join(mountpoint, 'edges/names')]))
    must(answer('setfattr', ['-n', 'user.by', '-v', 'shale', path.join(mountpoint, 'written')]))
    must(place.shale('unmount', 'ours'))
    const id = must(place.shale('commit', '--message', 'by hand', 'ours', 'committed:v1')).trim()
    must(place.shale('rm', 'ours'))
    const script = 'cat /written; stat -c %a /written; ls /edges /edges/names; test ! -e /edges/links/second'
    assert.equal(
      runInPodman(place, 'committed:v1', 'sh', '-c', script),
      'by shale\n640\n/edges:\ncontents\nlinks\nmodes\nnames\ntimes\nxattrs\n\n/edges/names:\n',
    )
    const tree = treeByPodman(place, 'committed:v1')
    assert.match(tree['written'] ?? '', /user\.by=0x7368616c65/)
    const [inspected] = JSON.parse(must(place.podman('inspect', 'committed:v1'))) as readonly {
      readonly Id: string
      readonly History: readonly { readonly comment?: string }[]
      readonly RootFS: { readonly Layers: readonly string[] }
    }[]
    assert.equal(inspected?.Id, id)
    assert.equal(inspected.History.at(-1)?.comment, 'by hand')
    assert.equal(inspected.RootFS.Layers.length, 5)
    must(place.podman('run', '--name', 'further', ...podmanRunFlags, 'committed:v1', 'rm', '/written'))
    must(place.podman('commit', '--quiet', 'further', 'further:v1'))
    assertReadsAs(place, 'further:v1', ['C /etc', 'D /written'])
    assertSavesAs(place, 'further:v1')
    must(place.podman('rm', 'further'))
    must(place.podman('rmi', 'further:v1', 'committed:v1', 'edges'))
    assert.equal(must(place.shale('layers', '--json')).trim(), '[]')
  })
}

test('podman load takes both archives that Shale saves, and the image is the same to the last file', async () => {
  using place = makePlace('overlay')
  await pull(place, 'edges')
  const expected = treeByPodman(place, 'edges')
  const [{ id } = { id: '' }] = JSON.parse(must(place.shale('images', '--json'))) as readonly { readonly id: string }[]
  for (const kind of ['docker-archive', 'oci-archive'] as const) {
    const file = path.join(place.directory, `${kind}.tar`)
    must(place.shale('save', 'edges', `${kind}:${file}:localhost/loaded:v1`))
    for (const driver of drivers) {
      using other = makePlace(driver)
      assert.match(must(other.podman('load', '--input', file)), /localhost\/loaded:v1/)
      assert.equal(must(other.podman('images', '--quiet', '--no-trunc')).trim(), `sha256:${id}`)
      if (driver === 'overlay') assert.deepEqual(treeByPodman(other, 'loaded:v1'), expected)
      assert.equal(runInPodman(other, 'loaded:v1', 'cat', '/etc/motd'), 'hello from the second layer\n')
      assert.equal(must(other.shale('cat', 'loaded:v1', '/etc/motd')), 'hello from the second layer\n')
      assertSound(other)
    }
  }
})

test('Podman starts a container again that was there when Shale pulled, tagged and removed around it', async () => {
  using place = makePlace('overlay')
  await pull(place, 'tiny')
  must(
    place.podman('create', '--name', 'kept', ...podmanRunFlags, 'tiny', 'sh', '-c', 'echo line >> /lines; cat /lines'),
  )
  assert.equal(must(place.podman('start', '--attach', 'kept')), 'line\n')
  await pull(place, 'edges')
  must(place.shale('tag', 'tiny', 'localhost/other:v2'))
  must(place.shale('untag', 'tiny', 'localhost/tiny:latest'))
  must(place.shale('rmi', 'edges'))
  assert.equal(must(place.podman('start', '--attach', 'kept')), 'line\nline\n')
  assert.equal(must(place.shale('cat', 'kept', '/lines')), 'line\nline\n')
  assert.match(must(place.podman('ps', '--all', '--format', '{{.Image}}')), /localhost\/(?:other:v2|tiny:latest)/)
  const used = place.podman('rmi', 'other:v2')
  assert.match(used.stderr, /in use/)
  must(place.podman('rm', 'kept'))
  assertSound(place)
})

/** Written by Podman into every container; its own `diff` leaves them out too. */
const ofPodman = /\/(?:etc\/(?:hostname|hosts|mtab|resolv\.conf)|run|run\/\.containerenv)$/

/** What `diff`, `ls` and `cat` of Shale say of an image is what Podman mounts. */
function assertReadsAs(place: Place, image: string, changes: readonly string[]): void {
  const lines = (text: string): readonly string[] =>
    text
      .split('\n')
      .filter((line) => line !== '' && !ofPodman.test(line))
      .toSorted()
  assert.deepEqual(lines(must(place.shale('diff', image))), changes)
  assert.deepEqual(lines(must(place.podman('image', 'diff', image))), changes)
  const mountpoint = must(place.podman('image', 'mount', image)).trim()
  for (const directory of ['/', '/etc', '/usr/bin', '/edges/links', '/srv', '/edges/names']) {
    const mounted = path.join(mountpoint, directory)
    if (!existsSync(mounted) || !statSync(mounted).isDirectory()) continue
    const listed = JSON.parse(must(place.shale('ls', '--json', image, directory))) as readonly {
      readonly path: string
    }[]
    assert.deepEqual(
      listed.map((entry) => path.basename(entry.path)).toSorted(),
      readdirSync(mounted).toSorted(),
      directory,
    )
  }
  for (const file of ['/etc/passwd', '/bin/busybox']) {
    const [program, words] = place.command('shale', ['cat', image, file])
    const shown = answer('sh', ['-c', '"$0" "$@" | sha256sum | cut -c 1-64', program, ...words])
    const digest = answer('sh', ['-c', 'sha256sum < "$0" | cut -c 1-64', path.join(mountpoint, file)])
    assert.equal(must(shown), must(digest), file)
  }
  must(place.podman('image', 'unmount', image))
}

/** What Shale saves is what Podman pushes: the same config, the same layers, the same tree; and others read it. */
function assertSavesAs(place: Place, image: string): void {
  const at = (name: string): string => path.join(place.directory, `${name}-${image.replace(':', '-')}`)
  must(place.shale('save', image, `oci:${at('saved')}:v1`, '--compression', 'none'))
  must(place.podman('push', '--quiet', image, `oci:${at('pushed')}:v1`))
  const config = (layout: string): unknown =>
    JSON.parse(must(answer('skopeo', ['inspect', '--config', '--raw', `oci:${layout}:v1`])))
  assert.deepEqual(config(at('saved')), config(at('pushed')))
  const { rootfs } = config(at('saved')) as { readonly rootfs: { readonly diff_ids: readonly string[] } }
  assert.deepEqual(
    manifestOf(`oci:${at('saved')}:v1`).layers.map(({ digest }) => digest),
    rootfs.diff_ids,
  )
  assert.deepEqual(treeByUmoci(at('saved'), 'v1', at('saved-tree')), treeByUmoci(at('pushed'), 'v1', at('pushed-tree')))
}
