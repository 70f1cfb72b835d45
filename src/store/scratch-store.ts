import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createOverlayDriver, createVfsDriver } from '#parts/drivers'
import type { BlobBytes } from '#parts/unpack'
import { createStore } from './create-store.ts'
import type { Durability, Store } from './store.ts'

export type DriverName = 'overlay' | 'vfs'

/** For tests: a store of its own, the original's tool on the same directories, and tars to put in. */
export interface ScratchStore extends AsyncDisposable {
  readonly directory: string
  readonly graphRoot: string
  readonly runRoot: string
  readonly store: Store
  /** Another opening of the same store, as another process has it. */
  readonly reopened: () => Promise<Store>
  /** What the original prints. */
  readonly go: (...args: readonly string[]) => string
  /** The same for what may fail. */
  readonly tryGo: (...args: readonly string[]) => { readonly status: number | null; readonly text: string }
  /** A tar of these files; a directory's name ends in `/`, a text of `undefined` is a whiteout. */
  readonly tar: (
    files: Readonly<Record<string, string | undefined>>,
    how?: 'plain' | 'gzip' | 'zstd',
  ) => BlobBytes & { readonly kind: 'file' }
  /** A record file of the graph root as it is. */
  readonly records: (file: 'layers' | 'images' | 'containers') => string
}

export async function scratchStore(driver: DriverName, durability: Durability = 'none'): Promise<ScratchStore> {
  const directory = mkdtempSync(join(tmpdir(), `store-${driver}-`))
  const [graphRoot, runRoot] = [join(directory, 'graph'), join(directory, 'run')]
  const open = async (): Promise<Store> => openScratch(driver, directory, durability)
  const flags = ['-g', graphRoot, '-R', runRoot, '-s', driver]
  let tars = 0
  return {
    directory,
    graphRoot,
    runRoot,
    store: await open(),
    reopened: open,
    go: (...args) =>
      execFileSync('containers-storage', [...flags, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    tryGo: (...args) => {
      const { status, stdout, stderr } = spawnSync('containers-storage', [...flags, ...args], { encoding: 'utf8' })
      return { status, text: stdout + stderr }
    },
    tar: (files, how = 'plain') => tarOf(join(directory, `tar-${tars++}`), files, how),
    records: (file) => readFileSync(join(graphRoot, `${driver}-${file}`, `${file}.json`), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      detachBelow(directory)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export async function openScratch(
  driver: DriverName,
  directory: string,
  durability: Durability = 'none',
): Promise<Store> {
  const [graphRoot, runRoot] = [join(directory, 'graph'), join(directory, 'run')]
  const create = driver === 'vfs' ? createVfsDriver : createOverlayDriver
  return await createStore({ graphRoot, runRoot, driver: create({ graphRoot, runRoot, options: [] }), durability })
}

function tarOf(
  place: string,
  files: Readonly<Record<string, string | undefined>>,
  how: 'plain' | 'gzip' | 'zstd',
): BlobBytes & { readonly kind: 'file' } {
  for (const [name, text] of Object.entries(files)) {
    const path = join(
      place,
      text === undefined ? join(dirname(name), `.wh.${name.slice(name.lastIndexOf('/') + 1)}`) : name,
    )
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(path, text ?? '')
  }
  mkdirSync(place, { recursive: true })
  const flag = { plain: [], gzip: ['-z'], zstd: ['--zstd'] }[how]
  const path = `${place}.tar`
  execFileSync('tar', ['-C', place, ...flag, '--sort=name', '--mtime=@1700000000', '-cf', path, ...readdirSync(place)])
  return { kind: 'file', path }
}

/** The overlay driver mounts its home on itself, and tests mount layers. */
function detachBelow(directory: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${directory}/`))
  for (const point of points.toReversed()) execFileSync('umount', ['-l', point])
}
