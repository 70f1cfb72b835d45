// The shale command as a person uses it: one image, every command, its text, its JSON, its errors.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fixture } from '../fixtures/fixture.ts'
import { answer, makePlace, must, type Place } from '../place.ts'

let place: Place
let imageId = ''

const shale = (...words: readonly string[]): string => must(place.shale(...words))
const parsed = (...words: readonly string[]): unknown => JSON.parse(shale('--json', ...words))

before(async () => {
  place = makePlace('overlay')
  imageId = shale('--quiet', 'pull', (await fixture('tiny')).source).trim()
})
after(() => place[Symbol.dispose]())

test('what was pulled is listed, for people and for programs', () => {
  assert.match(
    shale('images'),
    /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\nlocalhost\/tiny +latest +[0-9a-f]{12} +\d+ years? ago +2\.\d\d MB\n$/,
  )
  assert.equal(shale('images', '--quiet', '--no-trunc'), `${imageId}\n`)
  const [image] = parsed('images') as readonly {
    readonly id: string
    readonly names: readonly string[]
    readonly layer: string
  }[]
  assert.deepEqual([image?.id, image?.names], [imageId, ['localhost/tiny:latest']])
  const layers = parsed('layers') as readonly {
    readonly id: string
    readonly parent?: string
    readonly images: readonly string[]
  }[]
  assert.deepEqual(
    layers.map(({ parent, images }) => [parent !== undefined, images]),
    [
      [false, []],
      [true, [imageId]],
    ],
  )
  assert.match(shale('tree', 'tiny'), /├── [0-9a-f]{12} +2\.03 MB +add busybox\n└── [0-9a-f]{12} +338 kB +add text\n$/)
})

test('files are looked at without a mount', () => {
  assert.deepEqual(shale('ls', 'tiny').split('\n').slice(0, 3), ['bin', 'dev', 'etc'])
  assert.match(shale('ls', '-l', 'tiny', '/bin/busybox'), /^-rwxr-xr-x {2}0:0 {2}\d+ {2}\S+Z {2}busybox\n$/)
  const [busybox] = parsed('ls', 'tiny', '/bin/busybox') as readonly { readonly type: string; readonly size: number }[]
  assert.equal(busybox?.type, 'file')
  const out = answer('sh', [
    '-c',
    '"$0" "$@" | sha256sum',
    path.resolve(import.meta.dirname, '../../bin/shale'),
    '--root',
    place.graph,
    '--runroot',
    place.run,
    '--storage-driver',
    'overlay',
    'cat',
    'tiny',
    '/bin/busybox',
  ])
  assert.match(out.stdout, /^[0-9a-f]{64}/)
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(`${place.graph}/overlay/`), false)
})

test('a container is made, written to, compared, turned into an image, and removed', () => {
  const id = shale('create', 'tiny', 'work').trim()
  const mountpoint = shale('mount', 'work').trim()
  assert.ok(existsSync(path.join(mountpoint, 'bin/busybox')))
  writeFileSync(path.join(mountpoint, 'note'), 'written')
  assert.equal(shale('diff', 'work'), 'A /note\n')
  const [mount] = parsed('mount') as readonly { readonly name: string; readonly count: number; readonly path: string }[]
  assert.deepEqual([mount?.name, mount?.count, mount?.path], ['work', 1, mountpoint])
  assert.equal(shale('unmount', 'work'), 'work\n')
  const committed = shale('--quiet', 'commit', 'work', 'noted', '--message', 'a note').trim()
  assert.equal(shale('cat', 'noted', '/note'), 'written')
  assert.match(shale('inspect', 'noted'), /comment: a note/)
  assert.equal(place.shale('rmi', 'noted').status, 0)
  assert.ok(!shale('images', '--quiet', '--no-trunc').includes(committed))
  assert.equal(shale('rm', 'work'), `${id}\n`)
  assert.deepEqual(parsed('containers'), [])
})

test('names come and go, and the image stays until its last one is removed', () => {
  shale('tag', 'tiny', 'other', 'example.com/team/app:v1')
  const names = (): unknown => (parsed('images') as readonly { readonly names: readonly string[] }[])[0]?.names
  assert.deepEqual(names(), ['localhost/other:latest', 'example.com/team/app:v1', 'localhost/tiny:latest'])
  assert.equal(shale('rmi', 'app:v1'), 'Untagged: example.com/team/app:v1\n')
  shale('untag', 'tiny', 'other')
  assert.deepEqual(names(), ['localhost/tiny:latest'])
  assert.match(shale('rmi', '--dry-run', 'tiny'), /Deleted layer: [0-9a-f]{64}\nDeleted layer: [0-9a-f]{64}\n$/)
  assert.deepEqual(names(), ['localhost/tiny:latest'])
})

test('space is accounted for, and the store says what it is', () => {
  const usage = parsed('df') as { readonly total: number; readonly images: readonly { readonly unique: number }[] }
  const onDisk = Number(must(answer('du', ['-s', '-B1', path.join(place.graph, 'overlay')])).split('\t')[0])
  assert.ok(Math.abs(usage.total - onDisk) < onDisk * 0.1, `${usage.total} counted, ${onDisk} on the disk`)
  const status = parsed('status') as Readonly<Record<string, string>>
  assert.deepEqual([status['Root'], status['Driver Name'], status['Durability']], [place.graph, 'overlay', 'full'])
  for (const shell of ['bash', 'zsh', 'fish']) assert.match(shale('completion', shell), /pull/)
  const script = path.join(place.directory, 'completion.bash')
  writeFileSync(script, shale('completion', 'bash'))
  must(answer('bash', ['-c', 'source "$1"; complete -p shale', 'bash', script]))
})

test('errors name what is wrong and what to do, each with its exit code', () => {
  const told = (...words: readonly string[]): readonly [number, string] => {
    const { status, stderr } = place.shale(...words)
    return [status, stderr]
  }
  assert.deepEqual(told('tree', 'nosuch'), [
    3,
    'shale: locating image with ID "nosuch": image not known\nSee what there is with: shale images\n',
  ])
  assert.deepEqual(told('cat', 'tiny', '/nosuch'), [3, 'shale: /nosuch: no such file or directory\n'])
  assert.equal(told('imges')[0], 2)
  assert.match(told('imges')[1], /Did you mean images\?/)
  assert.equal(told('pull', 'nonsense')[0], 2)
  shale('create', 'tiny', 'user')
  const [code, text] = told('rmi', 'tiny')
  assert.equal(code, 4)
  assert.match(text, /image is in use by a container\nRemove the container first: shale rm [0-9a-f]{64}\n$/)
  assert.match(
    told('create', 'tiny', 'user')[1],
    /that name is already in use\nChoose another name, or free this one: shale rm user\n$/,
  )
  shale('rm', 'user')
})
