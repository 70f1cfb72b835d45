// Swaps a directory of the layer with a symlink out of it, as fast as it can, until it is killed. Says on its standard output
// that it has begun.
import { AT_FDCWD, RENAME_EXCHANGE, renameat2 } from '#ground/sys'

const [one = '', other = ''] = process.argv.slice(2)
process.stdout.write('swapping\n')
for (;;) renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)
