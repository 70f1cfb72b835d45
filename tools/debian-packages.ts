import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** A program that a task needs, and the Debian package it comes in. */
export interface Tool {
  readonly program: string
  readonly package: string
}

/** The programs that stand beside Shale in tests and benchmarks. */
export const peers: readonly Tool[] = [
  { program: 'containers-storage', package: 'containers-storage' },
  { program: 'podman', package: 'podman' },
  { program: 'buildah', package: 'buildah' },
  { program: 'skopeo', package: 'skopeo' },
  { program: 'umoci', package: 'umoci' },
  { program: 'runc', package: 'runc' },
]

/** What puts a directory tree into an image layout. */
export const sourceMakers: readonly Tool[] = [
  { program: 'skopeo', package: 'skopeo' },
  { program: 'busybox', package: 'busybox-static' },
  { program: 'zstd', package: 'zstd' },
]

export const imageBuilders: readonly Tool[] = [{ program: 'debootstrap', package: 'debootstrap' }]

/** What makes test input, and looks at results. */
export const testTools: readonly Tool[] = [
  { program: 'mkfs.btrfs', package: 'btrfs-progs' },
  { program: 'mkfs.ext4', package: 'e2fsprogs' },
  { program: 'busybox', package: 'busybox-static' },
  { program: 'strace', package: 'strace' },
  { program: 'setfattr', package: 'attr' },
  { program: 'setcap', package: 'libcap2-bin' },
  { program: 'python3', package: 'python3-minimal' },
  { program: 'zstd', package: 'zstd' },
  { program: 'xz', package: 'xz-utils' },
  { program: 'bzip2', package: 'bzip2' },
]

const places = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

function isHere(program: string): boolean {
  const path = [...(process.env['PATH'] ?? '').split(':'), ...places]
  return path.some((directory) => existsSync(`${directory}/${program}`))
}

/**
 * Installs what is missing, where that can be done without asking: on Debian, as root. Elsewhere it says what to install.
 * Returns the packages that are still missing.
 */
export function ensureTools(tools: readonly Tool[]): readonly string[] {
  const missing = (): readonly string[] => [
    ...new Set(tools.filter(({ program }) => !isHere(program)).map((tool) => tool.package)),
  ]
  const wanted = missing()
  if (wanted.length === 0) return []
  if (process.geteuid?.() !== 0 || !isHere('apt-get')) {
    console.error(`Missing here: ${wanted.join(' ')}. On Debian: sudo apt-get install ${wanted.join(' ')}`)
    return wanted
  }
  console.error(`Installing Debian packages: ${wanted.join(' ')}`)
  for (const words of [['update'], ['install', '--yes', '--no-install-recommends', ...wanted]]) {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const result = spawnSync('apt-get', ['--quiet', '--quiet', ...words], {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (result.status !== 0) console.error(`apt-get ${words[0]}: exit status ${result.status}`)
  }
  return missing()
}
