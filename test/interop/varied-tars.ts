import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fixture } from '../fixtures/fixture.ts'
import { manifestOf } from './podman-views.ts'

export interface VariedTars extends Disposable {
  /** Layers of their own, by name. */
  readonly bases: Readonly<Record<string, string>>
  /** Goes on top of the base called `edges`: deletes, hides, replaces. */
  readonly top: string
  /** Goes on top of `top`: deletes and hides what both have, by names with a dot and by clean ones. */
  readonly third: string
}

/** What GNU tar can say in each of its formats: long and non-UTF-8 names, owners, attributes, links, global headers, odd ends. */
export async function variedTars(): Promise<VariedTars> {
  const directory = mkdtempSync(path.join(tmpdir(), 'shale-tars-'))
  const at = (name: string): string => path.join(directory, name)
  const [edges, top] = (await layersOfEdges()).map((bytes, index) => written(at(`layer-${index}.tar`), bytes))
  if (edges === undefined || top === undefined) throw new Error('the image called edges has too few layers')

  mkdirSync(at('edges'))
  run('tar', '--xattrs', '--xattrs-include=*', '-xpf', edges, '-C', at('edges'))
  growSmall(at('small'))
  growThird(at('third-tree'))
  const tar = (tree: string, name: string, ...flags: readonly string[]): string => {
    run('tar', '--sort=name', '--numeric-owner', ...flags, '-C', at(tree), '-cf', at(name), '.')
    return at(name)
  }
  const withoutEnd = (file: string): string => {
    const bytes = readFileSync(file)
    let end = bytes.length
    while (end > 512 && bytes.subarray(end - 512, end).every((byte) => byte === 0)) end -= 512
    return written(`${file}.no-end`, bytes.subarray(0, end))
  }
  const withTail = (file: string): string =>
    written(`${file}.tail`, Buffer.concat([readFileSync(file), Buffer.alloc(3000), Buffer.from('garbage at the end')]))
  const gnu = tar('edges', 'gnu.tar', '--format=gnu')
  const ustar = tar('small', 'ustar.tar', '--format=ustar', '--mtime=@1700000000')
  return {
    bases: {
      edges,
      gzip: run('gzip', '-1', '-k', '-n', gnu) ?? `${gnu}.gz`,
      gnu,
      bzip2: compressed('bzip2', ustar),
      xz: compressed('xz', ustar),
      zstd: run('zstd', '-q', '-k', gnu) ?? `${gnu}.zst`,
      ustar,
      v7: tar('small', 'v7.tar', '--format=v7', '--exclude=*long*'),
      pax: tar('small', 'pax.tar', '--format=pax', '--pax-option=globexthdr.name=global,comment:=of all,mtime:=1.5'),
      'no-dot': named(at('small'), at('no-dot.tar')),
      'no-end': withoutEnd(ustar),
      tail: withTail(ustar),
      'small-blocks': tar('small', 'blocks.tar', '--blocking-factor=1'),
      empty: written(at('empty.tar'), Buffer.alloc(1024)),
    },
    top,
    third: tar('third-tree', 'third.tar', '--format=pax'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
}

async function layersOfEdges(): Promise<readonly Uint8Array[]> {
  const { path: layout, source } = await fixture('edges')
  const blobs = manifestOf(source).layers.slice(2)
  return blobs.map(({ digest }) => gunzipSync(readFileSync(path.join(layout, 'blobs', digest.replace(':', '/')))))
}

function compressed(program: string, file: string): string {
  const target = `${file}.${program}`
  run('sh', '-c', `${program} -c "$1" > "$2"`, 'sh', file, target)
  return target
}

/** Only the tops are named: no entry says what the root or a parent is like. */
function named(tree: string, file: string): string {
  run('tar', '--sort=name', '-C', tree, '-cf', file, 'dir/inner/file', 'links', 'owned')
  return file
}

function growSmall(root: string): void {
  const at = (name: string): string => path.join(root, name)
  mkdirSync(at('dir/inner'), { recursive: true })
  writeFileSync(at('dir/inner/file'), 'contents\n')
  writeFileSync(at('empty'), '')
  writeFileSync(at('owned'), 'x'.repeat(70_000))
  run('chown', '1234:5678', at('owned'))
  run('chmod', '4755', at('owned'))
  mkdirSync(at('links'))
  symlinkSync('../dir/inner/file', at('links/symbolic'))
  run('ln', at('owned'), at('links/hard'))
  run('ln', '-P', at('links/symbolic'), at('links/hard-to-symbolic'))
  mkdirSync(at(`long-${'d'.repeat(60)}`))
  writeFileSync(at(`long-${'d'.repeat(60)}/long-${'f'.repeat(60)}`), 'needs the prefix of ustar\n')
  writeFileSync(at('żółw <&> "quoted"'), 'UTF-8\n')
  run('sh', '-c', String.raw`printf raw > "$1/$(printf 'latin\351')"`, 'sh', root)
}

function growThird(root: string): void {
  const at = (name: string): string => path.join(root, name)
  mkdirSync(at('edges/links'), { recursive: true })
  writeFileSync(at('edges/links/.wh.second'), '')
  writeFileSync(at('edges/.wh.modes'), '')
  writeFileSync(at('edges/modes'), 'a file where a directory was\n')
  mkdirSync(at('edges/names'))
  writeFileSync(at('edges/names/.wh..wh..opq'), '')
  mkdirSync(at('edges/xattrs/directory'), { recursive: true })
  run('setfattr', '-n', 'user.on.directory', '-v', 'changed', at('edges/xattrs/directory'))
}

function written(file: string, bytes: Uint8Array): string {
  writeFileSync(file, bytes)
  return file
}

function run(program: string, ...words: readonly string[]): undefined {
  execFileSync(program, words, { stdio: 'ignore' })
}
