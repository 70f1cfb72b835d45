// Without the powers of the machine's root: what a program in a user namespace, or one of an ordinary user, gets.
import assert from 'node:assert/strict'
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'

const program = `
  const { createOverlayDriver } = await import(${JSON.stringify(import.meta.resolve('./overlay-driver.ts'))})
  const things = await import(${JSON.stringify(import.meta.resolve('./conformance-entries.ts'))})
  const { contentsOf } = await import(${JSON.stringify(import.meta.resolve('./conformance-tree.ts'))})
  const { lgetxattr } = await import(${JSON.stringify(import.meta.resolve('#ground/sys'))})
  const [, graphRoot, runRoot] = process.argv
  const driver = createOverlayDriver({ graphRoot, runRoot })
  try {
    await using base = await driver.stage(undefined)
    things.apply(base.target, [things.directory('etc'), things.file('etc/old', ''), things.charDevice('null', 1, 3)])
    base.commit('base')
    await using child = await driver.stage('base')
    things.apply(child.target, [things.directory('etc'), things.opaque('etc'), things.file('etc/new', '')])
    child.commit('child')
    const mount = await driver.mount('child', { access: 'read-write' })
    console.log(JSON.stringify({
      options: mount.options,
      mark: lgetxattr(graphRoot + '/overlay/child/diff/etc', 'user.overlay.opaque')?.toString(),
      tree: contentsOf(await driver.attach(mount)),
    }))
    await driver.detach('child')
    await driver.shutdown()
  } catch (error) {
    console.log(JSON.stringify({ message: error.message }))
  }
`

test('in a user namespace marks are those that its root may write, and devices are left out', (context) => {
  using roots = new Roots()
  const result = roots.run('unshare', '--user', '--map-root-user', '--mount')
  if (/unshare failed|not permitted/.test(result.stderr)) {
    context.skip(`no user namespaces here: ${result.stderr.trim()}`)
    return
  }
  assert.deepEqual(JSON.parse(result.stdout), {
    options: ['userxattr'],
    mark: 'y',
    tree: { etc: 'directory: ', 'etc/new': 'file:  @1000000000' },
  })
})

test('an ordinary user is told what is missing, and that is not remembered', (context) => {
  using roots = new Roots()
  const result = roots.run('setpriv', '--reuid', '65534', '--clear-groups')
  if (/EACCES|Permission denied/.test(result.stderr)) {
    context.skip('an ordinary user cannot read this checkout')
    return
  }
  assert.deepEqual(JSON.parse(result.stdout), {
    message:
      "mounting an overlay needs root's rights, in this or in a user namespace: " +
      'prerequisites for driver not satisfied (wrong filesystem?)',
  })
  assert.equal(existsSync(path.join(roots.place.runRoot, 'overlay')), false)
})

class Roots implements Disposable {
  readonly #base = mkdtempSync(path.join(tmpdir(), 'rootless-'))
  readonly place = { graphRoot: path.join(this.#base, 'graph'), runRoot: path.join(this.#base, 'run') }

  constructor() {
    chmodSync(this.#base, 0o777)
    mkdirSync(this.place.graphRoot)
    chmodSync(this.place.graphRoot, 0o777)
  }

  run(command: string, ...words: readonly string[]): SpawnSyncReturns<string> {
    const { graphRoot, runRoot } = this.place
    const node = [process.execPath, '--input-type=module', '--eval', program, graphRoot, runRoot]
    const env = { PATH: process.env['PATH'] ?? '' }
    return spawnSync(command, [...words, ...node], { encoding: 'utf8', env, cwd: import.meta.dirname })
  }

  [Symbol.dispose](): void {
    rmSync(this.#base, { recursive: true })
  }
}
