import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Durability, openStore, type Store } from '../../src/index.ts'

/** Roots of a store that both programs use, in a directory of its own; disposing removes it, mounts first. */
export class ScratchStore implements Disposable {
  readonly place: string
  readonly root: string
  readonly runRoot: string
  readonly driver: 'overlay' | 'vfs'

  constructor(driver: 'overlay' | 'vfs' = 'overlay') {
    // On a disk: overlay needs a file system that takes trusted.* attributes and devices.
    this.place = mkdtempSync(join(tmpdir(), 'shale-interop-'))
    this.root = join(this.place, 'graph')
    this.runRoot = join(this.place, 'run')
    this.driver = driver
  }

  /** A directory or file of one's own beside the store. */
  path(name: string): string {
    return join(this.place, name)
  }

  async open(durability: Durability = 'none'): Promise<Store> {
    return await openStore({ graphRoot: this.root, runRoot: this.runRoot, driver: this.driver, durability })
  }

  /** As skopeo names an image of this store. */
  skopeo(name: string): string {
    return `containers-storage:[${this.driver}@${this.root}+${this.runRoot}]${name}`
  }

  podman(...words: readonly string[]): string {
    const global = ['--root', this.root, '--runroot', this.runRoot, '--storage-driver', this.driver]
    return run('podman', ...global, '--runtime', '/usr/sbin/runc', '--cgroup-manager', 'cgroupfs', ...words)
  }

  podmanRun(image: string, ...command: readonly string[]): string {
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000']
    return this.podman('run', '--rm', '--network', 'none', ...limits, image, ...command)
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['-R', '-l', join(this.root, this.driver)], { stdio: 'ignore' })
    rmSync(this.place, { recursive: true, force: true })
  }
}

/** Standard output; a failure shows all that was said. */
export function run(program: string, ...args: readonly string[]): string {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 256 << 20 })
  if (result.status === 0) return result.stdout
  throw new Error(
    `${program} ${args.join(' ')}: ${result.error?.message ?? result.status}\n${result.stderr}${result.stdout}`,
  )
}
