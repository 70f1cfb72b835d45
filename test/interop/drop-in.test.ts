// The drop-in beside the original: the same commands on two stores of their own, answer by answer.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { answer, type Answer, type DriverName, makePlace, type Place } from '../place.ts'

interface Step {
  readonly words: readonly string[]
  /** Where the original of Debian (1.43) is older than what we follow, or wrong: what we answer instead (docs/compatibility.md). */
  readonly differs?: Partial<Answer>
  /** Compared as sets of lines: the order is not promised. */
  readonly anyOrder?: boolean
}

const step = (text: string, more: Omit<Step, 'words'> = {}): Step => ({
  words: text.split(' ').map((word) => (word === "''" ? '' : word)),
  ...more,
})

/** A layer's tar with a file, a directory, a link; and one that deletes and adds. */
function makeTars() {
  const directory = mkdtempSync(path.join(tmpdir(), 'shale-drop-in-'))
  const at = (name: string): string => path.join(directory, name)
  mkdirSync(at('base/etc'), { recursive: true })
  mkdirSync(at('top/etc'), { recursive: true })
  writeFileSync(at('base/etc/old'), 'old')
  writeFileSync(at('base/etc/kept'), 'kept')
  writeFileSync(at('base/file with spaces'), 'x'.repeat(5000))
  writeFileSync(at('top/etc/.wh.old'), '')
  writeFileSync(at('top/etc/new'), 'new')
  const tar = (name: string): void => {
    execFileSync('tar', [
      '--sort=name',
      '--mtime=@1700000000',
      '--owner=5',
      '--group=7',
      '--numeric-owner',
      '-C',
      at(name),
      '-cf',
      at(`${name}.tar`),
      '.',
    ])
  }
  tar('base')
  tar('top')
  execFileSync('gzip', ['-k', '-n', at('base.tar')])
  writeFileSync(at('garbage'), 'this is no archive at all, only words '.repeat(40))
  writeFileSync(at('item'), 'some bytes\n')
  return {
    base: at('base.tar'),
    baseGzip: at('base.tar.gz'),
    top: at('top.tar'),
    garbage: at('garbage'),
    item: at('item'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
}

function steps(tars: Omit<ReturnType<typeof makeTars>, typeof Symbol.dispose>): readonly Step[] {
  return [
    step('layers'),
    step('layers -j', { differs: { stdout: 'null\n' } }),
    step('images'),
    step('images -j'),
    step('containers -j'),
    step('create-layer -i base -n one -n two'),
    step('create-layer --id=base', {}),
    step('create-layer -i other -n one'),
    step('create-layer -i bad nosuch'),
    step(`applydiff -f ${tars.baseGzip} base`),
    step('create-layer -j --id mid --name m base'),
    step(`applydiff --file ${tars.top} m`),
    step(`import-layer -i imported -f ${tars.base} -n imp`),
    step(`import-layer -i broken -f ${tars.garbage}`, {
      differs: { stderr: 'archive/tar: invalid tar header (at byte 0)\n' },
    }),
    step('layers'),
    step('layer base mid nosuch'),
    step('layer -j mid'),
    step('create-image -i img1 -n i1 -n i2 -m meta mid'),
    step('create-image -j -i img2 base'),
    step('create-image -i img1 base'),
    step('create-image -i img3 -n i1 base'),
    step('create-image -i img3 -d junk base'),
    step('create-image -i img3 nosuch'),
    step(`set-image-data -f ${tars.item} img1 cfg`),
    step(`set-image-data -f ${tars.item} i1 manifest`),
    step('list-image-data img1'),
    step('list-image-data -j img1'),
    step('list-image-data -j img2'),
    step('get-image-data img1 cfg'),
    step('get-image-data img1 nosuch'),
    step('get-image-data nosuch cfg'),
    step('get-image-data-size img1 cfg'),
    step('get-image-data-size img1 nosuch'),
    step('get-image-data-digest img1 manifest'),
    step('get-image-data-digest img1 nosuch'),
    step(`set-layer-data -f ${tars.item} base k1`),
    step('list-layer-data base'),
    step('get-layer-data base k1'),
    step('get-layer-data base nosuch'),
    step('image img1 img2'),
    step('image -j img2'),
    step('images'),
    step('images -q'),
    step('images-by-digest junk'),
    step('images-by-digest -j sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
    step('create-container -i c1 -n cname -m cmeta i1', { differs: { stdout: 'c1\n\tcname\n' } }),
    step('create-container -i c1 i1'),
    step('create-container -i c2 -n cname i1'),
    step('create-container -i c2 nosuch'),
    step(`set-container-data -f ${tars.item} c1 some_data`),
    step('list-container-data c1'),
    step('get-container-data-size c1 some_data'),
    step('get-container-data-digest c1 some_data'),
    step('get-container-dir cname'),
    step('get-container-run-dir c1'),
    step('get-container-dir nosuch'),
    step('containers'),
    step('layers'),
    step('exists base img1 c1 nosuch', { anyOrder: true }),
    step('exists -j c1'),
    step('exists -i c1'),
    step('exists -q nosuch'),
    step('get-names base'),
    step('get-names -j img2'),
    step('set-names -n a -n b img2'),
    step('get-names img2'),
    step('set-names -j img2'),
    step('set-names -n x nosuch'),
    step('metadata img1 c1 nosuch'),
    step('metadata -q c1'),
    step('metadata -j img1'),
    step('set-metadata -m changed img1'),
    step('set-metadata img1'),
    step('set-metadata -m x nosuch'),
    step('changes mid', { anyOrder: true }),
    step('changes nosuch'),
    step('diffsize nosuch'),
    step('mounted c1'),
    step('unmount c1'),
    step('mounted nosuch'),
    step('mount nosuch'),
    step('mounted img1'),
    step('delete-layer base'),
    step('delete-layer mid'),
    step('delete-layer nosuch'),
    step('delete-image img1'),
    step('delete-image nosuch'),
    step('delete-container nosuch'),
    step('delete nosuch'),
    step('delete-container -j c1'),
    step('delete-image -t img1'),
    step('delete-image -j img1'),
    step('delete-image img2'),
    step('layers'),
    step('delete imported'),
    step('layers'),
    step('shutdown'),
    step('nosuch'),
    step('layers --bogus'),
    step('layer'),
    step('create-layer --id'),
    step('wipe -j'),
  ]
}

/** What cannot be equal: places, times, random ids, log lines that the original prints beside its error, and flags of newer releases. */
function comparable(answer: Answer, place: Place, anyOrder: boolean): Answer {
  const plain = (text: string): string => {
    const replaced = text
      .replaceAll(place.directory, 'PLACE')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME')
      .replaceAll(/[0-9a-f]{64}(?=[^"]*)/g, (id, offset: number) =>
        text.slice(Math.max(0, offset - 7), offset) === 'sha256:' ? id : 'ID',
      )
      .replaceAll(/^time=.*\n/gm, '')
      .replaceAll(/^ +--(?:image-store|transient-store|unshare).*\n/gm, '')
      .replaceAll(/See '\S*containers-storage /g, "See 'containers-storage ")
    return anyOrder ? replaced.split('\n').toSorted().join('\n') : replaced
  }
  return { stdout: plain(answer.stdout), stderr: plain(answer.stderr), status: answer.status }
}

for (const driver of ['vfs', 'overlay'] satisfies readonly DriverName[]) {
  test(`every command answers as the original does, on ${driver}`, async (context) => {
    using tars = makeTars()
    using theirs = makePlace(driver)
    using ours = makePlace(driver)
    for (const { words, differs, anyOrder = false } of steps(tars)) {
      const expected = { ...comparable(theirs.go(...words), theirs, anyOrder), ...differs }
      const actual = comparable(ours.dropIn(...words), ours, anyOrder)
      await context.test(words.map((word) => path.basename(word)).join(' '), () => assert.deepEqual(actual, expected))
    }
  })

  test(`a diff that went in comes out bit for bit, by both programs, on ${driver}`, () => {
    using tars = makeTars()
    using place = makePlace(driver)
    assert.equal(place.dropIn('import-layer', '-i', 'ours', '-f', tars.base).status, 0)
    assert.equal(place.go('import-layer', '-i', 'theirs', '-f', tars.base).status, 0)
    const out = path.join(place.directory, 'out.tar')
    for (const layer of ['ours', 'theirs']) {
      for (const program of [place.dropIn, place.go]) {
        assert.deepEqual(program('diff', '-u', '-f', out, layer), { stdout: '', stderr: '', status: 0 })
        assert.ok(readFileSync(out).equals(readFileSync(tars.base)), `${layer} came out different`)
      }
    }
  })
}

/** The list of commands is longer than that of Debian's release; all else of the usage is the same. */
const withoutCommands = (text: string): string => text.replaceAll(/^ {2}[a-z-]+ {2,}\S.*\n/gm, '')

test('usage goes where the original sends it, with its exit codes', async (context) => {
  using theirs = makePlace('vfs')
  using ours = makePlace('vfs')
  for (const words of [
    [],
    ['--help'],
    ['-h'],
    ['--bogus'],
    ['diff', '--help'],
    ['create-layer', '-h'],
    ['diff', 'a', 'b', 'c'],
  ]) {
    const run = (program: string): Answer => answer(program, words)
    const expected = comparable(run('containers-storage'), theirs, false)
    const actual = comparable(run(path.join(import.meta.dirname, '../../bin/containers-storage')), ours, false)
    await context.test(words.join(' '), () =>
      assert.deepEqual(
        { ...actual, stdout: withoutCommands(actual.stdout) },
        { ...expected, stdout: withoutCommands(expected.stdout) },
      ),
    )
  }
})
