// A process for tests: as fast as it can it looks for a directory `top/d` in what is being unpacked or stored below a driver's home, and
// swaps it with the symlink `top/other`, again and again, until it is killed. Every hundredth swap it prints a line.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AT_FDCWD, isErrno, RENAME_EXCHANGE, renameat2 } from '#ground/sys'

const [home = '', depth = '3'] = process.argv.slice(2)
let swaps = 0
process.stdout.write('begun\n')
for (;;) for (const top of topsBelow(home, Number(depth))) swapAtMost(500, top)

/** Directories called `top`, however the drivers name what is above them. */
function topsBelow(directory: string, levels: number): readonly string[] {
  const names = namesIn(directory)
  if (names.includes('top')) return [join(directory, 'top')]
  return levels === 0 ? [] : names.flatMap((name) => topsBelow(join(directory, name), levels - 1))
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return []
    throw error
  }
}

/** Until it is gone, or for so long that others get their turn. */
function swapAtMost(times: number, top: string): void {
  for (let time = 0; time < times; time++) {
    try {
      renameat2(AT_FDCWD, `${top}/d`, AT_FDCWD, `${top}/other`, RENAME_EXCHANGE)
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL')) return
      throw error
    }
    swaps += 1
    if (swaps % 100 === 0) process.stdout.write('swapped\n')
  }
}
