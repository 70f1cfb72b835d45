import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { MNT_DETACH, mount, umount2 } from '#ground/sys'
import { selectDriver } from './select-driver.ts'

test('a named driver is taken, and choosing it touches nothing', async () => {
  using roots = new Roots()
  for (const name of ['vfs', 'overlay'] as const) {
    const driver = await selectDriver({ ...roots.place, name })
    assert.deepEqual([driver.name, driver.home], [name, path.join(roots.place.graphRoot, name)])
  }
  assert.equal((await selectDriver({ ...roots.place, name: 'overlay2' })).name, 'overlay')
  assert.deepEqual(readdirSync(roots.place.graphRoot), [])
})

test('an unknown driver is refused in the words of the original', async () => {
  using roots = new Roots()
  await assert.rejects(selectDriver({ ...roots.place, name: 'floppy' }), {
    message: `failed to GetDriver graph floppy ${roots.place.graphRoot}: driver not supported`,
  })
})

test('without a name the driver whose directory is there is taken', async () => {
  using roots = new Roots()
  roots.make('overlay')
  assert.equal((await selectDriver(roots.place)).name, 'overlay')
  roots.make('btrfs')
  await assert.rejects(selectDriver(roots.place), {
    message:
      `${roots.place.graphRoot} contains several valid graphdrivers: overlay, btrfs; ` +
      'Please cleanup or explicitly choose storage driver (-s <DRIVER>)',
  })
  assert.equal((await selectDriver({ ...roots.place, name: 'vfs' })).name, 'vfs')
})

test('a vfs that lies there counts only where the configuration has an order', async () => {
  using roots = new Roots()
  roots.make('vfs')
  assert.equal((await selectDriver(roots.place)).name, 'overlay')
  assert.equal((await selectDriver(roots.place)).name, 'overlay', 'also the second time')
  const configured = { ...roots.place, priority: ['vfs', 'overlay'] }
  await assert.rejects(selectDriver(configured), {
    failure: { code: 'driver-ambiguous', root: roots.place.graphRoot, drivers: ['overlay', 'vfs'] },
  })
  using fresh = new Roots()
  fresh.make('vfs')
  assert.equal((await selectDriver({ ...fresh.place, priority: ['overlay', 'vfs'] })).name, 'vfs')
})

test('without anything there the first that works is taken', async () => {
  using roots = new Roots()
  assert.equal((await selectDriver({ ...roots.place, priority: ['btrfs', 'zfs', 'vfs'] })).name, 'vfs')
  using fresh = new Roots()
  assert.equal((await selectDriver(fresh.place)).name, 'overlay')
})

test('where overlay cannot work vfs is taken, and overlay leaves no directory behind', async () => {
  using roots = new Roots()
  const { graphRoot } = roots.place
  const parts = ['lower', 'upper', 'work'].map((part) => roots.make(`../${part}`))
  const data = `lowerdir=${parts[0]},upperdir=${parts[1]},workdir=${parts[2]}`
  mount({ source: 'overlay', target: graphRoot, type: 'overlay', data })
  try {
    await assert.rejects((await selectDriver({ ...roots.place, name: 'overlay' })).prepare(), {
      message:
        "'overlay' is not supported over overlayfs, a mount_program is required: " +
        'backing file system is unsupported for this graph driver',
    })
    assert.deepEqual(readdirSync(graphRoot), [])
    assert.equal((await selectDriver(roots.place)).name, 'vfs')
  } finally {
    umount2(graphRoot, MNT_DETACH)
  }
})

test('options that the chosen driver does not know are refused at once', async () => {
  using roots = new Roots()
  const options = ['vfs.colour=red']
  await assert.rejects(selectDriver({ ...roots.place, name: 'vfs', options }), {
    message: 'unknown option "colour" ("vfs.colour=red")',
  })
  assert.equal((await selectDriver({ ...roots.place, name: 'overlay', options })).name, 'overlay')
})

class Roots implements Disposable {
  readonly #base = mkdtempSync(path.join(tmpdir(), 'select-driver-'))
  readonly place = { graphRoot: path.join(this.#base, 'graph'), runRoot: path.join(this.#base, 'run') }

  constructor() {
    mkdirSync(this.place.graphRoot)
  }

  make(name: string): string {
    const directory = path.join(this.place.graphRoot, name)
    mkdirSync(directory)
    return directory
  }

  [Symbol.dispose](): void {
    rmSync(this.#base, { recursive: true })
  }
}
