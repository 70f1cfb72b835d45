import { execFileSync, spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** Where the sides unpack. Removed when disposed. */
export interface BenchDisk extends Disposable {
  readonly directory: string
  readonly kind: string
}

/**
 * A new ext4 in a file, as large as needed. On an old one the place decides: where many files were removed in the last
 * minutes, ext4 makes new ones ten times as slowly, and 38,000 removals after each run are what a benchmark does.
 * Without the right to mount it is a directory below `parent` after all, and the table says so.
 */
export function openBenchDisk(parent: string, bytes: number): BenchDisk {
  const { bavail, bsize } = statfsSync(parent)
  if (bavail * bsize < bytes) {
    throw new Error(
      `${parent} has no ${Math.ceil(bytes / 2 ** 30)} GiB of room: choose another --scratch or fewer --rounds`,
    )
  }
  const scratch = mkdtempSync(join(parent, 'shale-bench-'))
  const image = join(scratch, 'image')
  const directory = join(scratch, 'disk')
  mkdirSync(directory)
  writeFileSync(image, '')
  truncateSync(image, Math.ceil(bytes))
  const isMounted =
    spawnSync('mkfs.ext4', ['-q', '-F', image]).status === 0 &&
    spawnSync('mount', ['-o', 'loop', image, directory]).status === 0
  if (!isMounted) unlinkSync(image)
  else directReads(directory)
  return {
    directory,
    kind: isMounted ? 'a new ext4' : `a directory below ${parent}`,
    [Symbol.dispose]() {
      if (isMounted) execFileSync('umount', [directory])
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

/** Or every page would be kept twice: of the file system, and of the file it lies in. */
function directReads(directory: string): void {
  const device = execFileSync('findmnt', ['-n', '-o', 'SOURCE', directory]).toString().trim()
  execFileSync('losetup', ['--direct-io=on', device])
}

/**
 * Puts the machine into the same state before every run: nothing to be written out, and pages for what is going to be
 * written. A virtual machine gives pages back to its host when nobody uses them, and to get them again takes ten times as
 * long as to fill them.
 */
export function settle(directory: string, bytes: number): void {
  execFileSync('sync')
  const path = join(directory, 'warm-up')
  const block = Buffer.alloc(2 ** 20, 1)
  const fd = openSync(path, 'wx')
  try {
    for (let written = 0; written < bytes; written += block.byteLength) writeSync(fd, block)
  } finally {
    closeSync(fd)
    unlinkSync(path)
  }
}
