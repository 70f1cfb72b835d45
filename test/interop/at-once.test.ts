// Debian's containers-storage, skopeo and Podman, our drop-in and shale, all on one store at the same time; some of them are killed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { assertSound, leftovers } from '../crash/store-state.ts'
import { fixture } from '../fixtures/fixture.ts'
import { answerLater, type DriverName, makePlace, must, type Place } from '../place.ts'
import { Scene } from './actor.ts'
import { Dice, seed } from './dice.ts'
import { runInPodman } from './podman-views.ts'
import { variedTars, type VariedTars } from './varied-tars.ts'

const seconds = Number(process.env['SHALE_AT_ONCE'] ?? 20)

interface Listed {
  readonly id: string
  readonly names?: readonly string[]
}

/** Makes layers, names them and deletes most of them. What it returns has to be there in the end. */
async function layersActor(scene: Scene, program: 'go' | 'dropIn', tars: VariedTars): Promise<Map<string, string>> {
  const dice = new Dice(seed + program.length)
  const kept = new Map<string, string>()
  for (let round = 0; scene.isOpen; round++) {
    const id = `${program}-${round}`
    const file = dice.oneOf([tars.bases['ustar'] ?? '', tars.third, tars.top])
    await scene.does(program, ['import-layer', '-i', id, '-n', `first ${id}`, '-f', file])
    await scene.does(program, ['create-layer', '-i', `${id}-child`, id])
    await scene.does(program, ['set-names', '-n', `second ${id}`, id])
    await scene.does(program, ['delete-layer', `${id}-child`])
    if (dice.chance(0.3)) kept.set(id, `second ${id}`)
    else await scene.does(program, ['delete-layer', id])
  }
  return kept
}

/** Makes images and containers of a layer that stays, writes into the containers, and deletes most of them. */
async function containersActor(scene: Scene, program: 'go' | 'dropIn'): Promise<Map<string, string>> {
  const dice = new Dice(seed + 100 + program.length)
  const kept = new Map<string, string>()
  const item = path.join(scene.place.directory, `item-${program}`)
  writeFileSync(item, 'data')
  for (let round = 0; scene.isOpen; round++) {
    const [image, id] = [`image-${program}-${round}`, `container-${program}-${round}`]
    await scene.does(program, ['create-image', '-i', image, '-n', `name of ${image}`, 'base'])
    await scene.does(program, ['set-image-data', '-f', item, image, 'some_data'])
    await scene.does(program, ['create-container', '-i', id, '-n', `name of ${id}`, image])
    const mountpoint = (await scene.does(program, ['mount', id])).stdout.trim()
    if (mountpoint !== '') writeFileSync(path.join(mountpoint, 'written'), id)
    await scene.does(program, ['unmount', id])
    if (dice.chance(0.3)) kept.set(id, `name of ${id}`)
    else {
      await scene.does(program, ['delete-container', id])
      await scene.does(program, ['delete-image', image])
    }
  }
  return kept
}

/** Somebody else removed it, or a layer below it, in between; or is at it right now. */
const overtaken =
  /not known|no such (?:image|file)|unknown|is in use|already in use|does not exist|identifier is not an image|already exists|changed while|Does not exist|unable to find/i

/** By skopeo and by shale: the same layers, under two names, pulled and removed. */
async function pullingActor(scene: Scene, program: 'skopeo' | 'shale', source: string): Promise<void> {
  const name = `localhost/by-${program}:v1`
  const skopeo = async (...words: readonly string[]): Promise<unknown> =>
    await scene.runs(
      'skopeo',
      [words[0] ?? '', '--insecure-policy', ...words.slice(1)],
      `skopeo ${words[0]}`,
      overtaken,
    )
  while (scene.isOpen) {
    if (program === 'skopeo') {
      await skopeo('copy', '--quiet', source, `${scene.place.transport}${name}`)
      await skopeo('delete', `${scene.place.transport}${name}`)
    } else {
      await scene.does('shale', ['pull', '--quiet', '--name', name, source], overtaken)
      await scene.does('shale', ['rmi', '--quiet', name], overtaken)
    }
  }
}

/** Podman reads the names of an image and writes them all: two of it lose each other's. It has an image of its own here. */
const ofPodman = 'localhost/of-podman:latest'
const ofShale = 'localhost/tiny:latest'

/** Tags of an image that stays: what it is called in the end is what each of them did last. */
async function taggingActor(scene: Scene, program: 'podman' | 'shale', image: string, own: string): Promise<string> {
  const tag = (round: number): string => `localhost/tag-of-${own}:${round}`
  await scene.does(program, ['tag', image, tag(0)])
  let round = 0
  while (scene.isOpen) {
    round += 1
    await scene.does(program, ['tag', image, tag(round)])
    await scene.does(program, ['untag', image, tag(round - 1)])
  }
  return tag(round)
}

/** Whatever is going on, what is listed is whole. */
async function readingActor(scene: Scene): Promise<void> {
  const dice = new Dice(seed + 200)
  while (scene.isOpen) {
    const [program, words] = dice.oneOf([
      ['go', ['layers', '-j']],
      ['dropIn', ['layers', '-j']],
      ['go', ['images', '-j']],
      ['shale', ['images', '--json']],
      ['dropIn', ['containers', '-j']],
      ['shale', ['layers', '--json']],
    ] as const)
    const answer = await scene.does(program, words)
    if (answer.status !== 0) return
    try {
      const listed = JSON.parse(answer.stdout) as readonly Listed[] | null
      if (listed?.some(({ id }) => id === '') === true) scene.surprise('a record without an id', answer)
    } catch {
      scene.surprise(`${program} ${words.join(' ')} is no JSON`, answer)
    }
  }
}

/** Ours and theirs die at any moment. */
async function killingActor(scene: Scene, tars: VariedTars, source: string): Promise<void> {
  const dice = new Dice(seed + 300)
  for (let round = 0; scene.isOpen; round++) {
    const import_ = (id: string) => ['import-layer', '-i', id, '-f', tars.bases['gnu'] ?? '']
    await scene.kills('go', import_(`killed-go-${round}`), dice.roll() * 120)
    await scene.kills('dropIn', import_(`killed-ours-${round}`), 50 + dice.roll() * 400)
    await scene.kills('shale', ['pull', '--quiet', '--name', 'localhost/killed:v1', source], 100 + dice.roll() * 600)
  }
}

for (const driver of ['overlay', 'vfs'] satisfies readonly DriverName[]) {
  test(`all at once on one store for ${seconds} s, and nothing is lost (${driver}, seed ${seed})`, async (context) => {
    using tars = await variedTars()
    using place = makePlace(driver)
    const { source } = await fixture('edges')
    must(place.shale('pull', (await fixture('tiny')).source))
    must(place.shale('pull', '--platform', 'linux/arm64', '--name', ofPodman, (await fixture('tiny-index')).source))
    must(place.go('import-layer', '-i', 'base', '-f', tars.bases['ustar'] ?? ''))
    // An image keeps its layers: without it, the first of the others that is deleted takes them along.
    must(place.go('create-image', '-i', 'keeper', 'base'))
    must(place.podman('images'))
    const scene = new Scene(place, seconds)
    const [layersByGo, layersByUs, containersByGo, containersByUs, ...tags] = await Promise.all([
      layersActor(scene, 'go', tars),
      layersActor(scene, 'dropIn', tars),
      containersActor(scene, 'go'),
      containersActor(scene, 'dropIn'),
      taggingActor(scene, 'podman', ofPodman, 'podman'),
      taggingActor(scene, 'shale', ofShale, 'shale'),
      taggingActor(scene, 'shale', ofShale, 'another'),
      pullingActor(scene, 'skopeo', source),
      pullingActor(scene, 'shale', source),
      readingActor(scene),
      killingActor(scene, tars, source),
    ])
    context.diagnostic(JSON.stringify(scene.counts))
    assert.deepEqual(scene.surprises, [])

    must(place.dropIn('create-layer', '-i', 'after-all'))
    assertHas(place, 'layers', new Map([...layersByGo, ...layersByUs]), /^(?:go|dropIn)-/)
    assertHas(place, 'containers', new Map([...containersByGo, ...containersByUs]), /^container-/)
    for (const id of [...containersByGo.keys(), ...containersByUs.keys()]) {
      assert.equal(must(place.shale('cat', id, '/written')), id)
    }
    const images = JSON.parse(must(place.go('images', '-j'))) as readonly Listed[]
    const namesOf = (name: string) => new Set(images.find(({ names }) => names?.includes(name) === true)?.names)
    const [byPodman = '', byShale = '', another = ''] = tags.filter((tag) => tag !== undefined)
    assert.deepEqual(namesOf(ofPodman), new Set([ofPodman, byPodman]))
    assert.deepEqual(namesOf(ofShale), new Set([ofShale, byShale, another]))
    assertNothingStray(place)
    removeOwnImages(place, images)
    assertSound(place)
    assert.equal(runInPodman(place, 'tiny', 'cat', '/etc/motd'), 'hello from the second layer\n')
    for (const done of [
      'go import-layer',
      'dropIn import-layer',
      'skopeo copy',
      'shale pull',
      'go killed',
      'shale killed',
    ]) {
      assert.ok((scene.counts[done] ?? 0) > 0, `never done: ${done}`)
    }
  })
}

/** What each of them made and did not delete is there, with its name; what they deleted is not. */
function assertHas(
  place: Place,
  family: 'layers' | 'containers',
  expected: ReadonlyMap<string, string>,
  own: RegExp,
): void {
  for (const program of [place.go, place.dropIn]) {
    const listed = JSON.parse(must(program(family, '-j'))) as readonly Listed[]
    const found = listed.filter(({ id }) => own.test(id)).map(({ id, names }) => `${id} called ${names?.join()}`)
    const wanted = [...expected].map(([id, name]) => `${id} called ${name}`)
    assert.deepEqual(found.toSorted(), wanted.toSorted(), family)
  }
}

/** No content without a record, but for what the original leaves when it is killed; no record without content. */
function assertNothingStray(place: Place): void {
  const home = path.join(place.graph, place.driver === 'vfs' ? 'vfs/dir' : 'overlay')
  const isLayer = (name: string): boolean => !['l', 'tempdirs', 'staging'].includes(name) && !name.startsWith('.')
  const onDisk = readdirSync(home).filter((name) => isLayer(name) && !name.startsWith('killed-go-'))
  const layers = JSON.parse(must(place.go('layers', '-j'))) as readonly Listed[]
  const known = layers.map(({ id }) => id).filter((id) => !id.startsWith('killed-go-'))
  assert.deepEqual(onDisk.toSorted(), known.toSorted())
  assert.deepEqual(leftovers(place), [])
  const data = path.join(place.graph, `${place.driver}-layers`)
  const torn = readdirSync(data).filter((name) => name.startsWith('.tmp-') && !name.includes('killed-go-'))
  const unknown = readdirSync(data)
    .filter((name) => name.endsWith('.tar-split.gz') && !name.startsWith('killed-go-'))
    .filter((name) => !known.includes(name.replace('.tar-split.gz', '')))
  assert.deepEqual({ torn: torn.filter((name) => name.includes('ours')), unknown }, { torn: [], unknown: [] })
}

/** They have no manifest: nobody could save them. */
function removeOwnImages(place: Place, images: readonly Listed[]): void {
  const containers = JSON.parse(must(place.go('containers', '-j'))) as readonly Listed[] | null
  for (const { id } of containers ?? []) must(place.dropIn('delete-container', id))
  for (const { id } of images) if (id === 'keeper' || id.startsWith('image-')) must(place.go('delete-image', id))
}

test('while Shale unpacks a Debian, the original lists and makes layers', async () => {
  using place = makePlace('overlay')
  const { source } = await fixture('debian')
  must(place.go('layers'))
  const pull = spawn(...spawnable(place.command('shale', ['pull', '--quiet', source])), { stdio: 'ignore' })
  const ended = once(pull, 'exit')
  const isPulling = (): boolean => pull.exitCode === null
  const staging = path.join(place.graph, 'overlay/tempdirs')
  const isUnpacking = (): boolean =>
    existsSync(staging) &&
    readdirSync(staging).some((name) => existsSync(path.join(staging, name, '0-addition/diff/etc')))
  while (isPulling() && !isUnpacking()) await setTimeout(10)
  assert.ok(isPulling(), 'the pull was over before it was seen unpacking')
  let done = 0
  while (isPulling() && isUnpacking()) {
    must(await answerLater(...place.command('go', ['layers'])))
    must(await answerLater(...place.command('go', ['create-layer', '-i', `meanwhile-${done}`])))
    if (isPulling() && isUnpacking()) done += 1
  }
  assert.deepEqual(await ended, [0, null])
  assert.ok(done >= 2, `only ${done} layers were made meanwhile`)
  const layers = JSON.parse(must(place.dropIn('layers', '-j'))) as readonly Listed[]
  assert.ok(layers.filter(({ id }) => id.startsWith('meanwhile-')).length >= done)
  assert.match(must(place.shale('images')), /localhost\/debian/)
})

test('while the original holds the lock of the layers, Shale waits, says for whom, and goes on', async () => {
  using tars = await variedTars()
  using place = makePlace('vfs')
  must(place.go('create-layer', '-i', 'slow'))
  const tar = readFileSync(tars.bases['ustar'] ?? '')
  const [file, words] = place.command('go', ['applydiff', 'slow'])
  const slow = spawn(file, words, { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(slow, 'exit')
  try {
    slow.stdin.write(tar.subarray(0, 20_000))
    await setTimeout(500)
    const waiting = answerLater(...place.command('shale', ['layers', '--json']))
    const givenUp = spawn(...spawnable(place.command('dropIn', ['create-layer', '-i', 'given-up'])), {
      stdio: 'ignore',
    })
    await setTimeout(4000)
    const interrupted = performance.now()
    givenUp.kill('SIGINT')
    await once(givenUp, 'exit')
    assert.ok(performance.now() - interrupted < 2000, 'whoever waits for a lock can be interrupted')
    slow.stdin.end(tar.subarray(20_000))
    const { stdout, stderr, status } = await waiting
    assert.deepEqual(await ended, [0, null])
    assert.equal(status, 0, stderr)
    assert.match(stderr, new RegExp(`waiting for \\d+ s: process ${slow.pid} .*layers\\.lock`))
    const layers = JSON.parse(stdout) as readonly (Listed & { readonly diffId?: string })[]
    assert.deepEqual(
      layers.map(({ id, diffId }) => [id, diffId === undefined]),
      [['slow', false]],
    )
  } finally {
    slow.kill('SIGKILL')
    await ended
  }
})

function spawnable([file, words]: readonly [string, readonly string[]]): [string, readonly string[]] {
  return [file, words]
}
