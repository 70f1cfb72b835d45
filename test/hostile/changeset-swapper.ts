// Swaps a directory of the layer with a symlink out of it, as fast as it can, until it is killed; makes them anew when they have been
// removed. Says on its standard output that it has begun.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { AT_FDCWD, RENAME_EXCHANGE, isErrno, renameat2 } from '#ground/sys'

const [one = '', other = '', outside = ''] = process.argv.slice(2)
process.stdout.write('swapping\n')
for (;;) {
  // What is unpacked may have replaced the symlink by now.
  succeeds(() => rmSync(other, { recursive: true, force: true }))
  succeeds(() => symlinkSync(outside, other))
  succeeds(() => mkdirSync(one))
  succeeds(() => writeFileSync(`${one}/secret`, 'bait', { flag: 'wx' }))
  for (let time = 0; time < 25; time++) {
    if (!succeeds(() => renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE))) break
  }
}

/** The other side works on the same names. */
function succeeds(act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EEXIST', 'ENOTDIR', 'ENOTEMPTY', 'ELOOP', 'EINVAL')) return false
    throw error
  }
}
