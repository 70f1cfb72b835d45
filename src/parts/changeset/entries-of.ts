import { readdirSync } from 'node:fs'
import { ErrnoError } from '#ground/sys'
import { type LayerPath, layerPath } from '#model'

/** The names in a directory that is held open (`O_PATH` will do), one char per byte, in no order. @throws ErrnoError */
export function entriesOf(fd: number): LayerPath[] {
  try {
    return readdirSync(`/proc/self/fd/${fd}/.`, { encoding: 'latin1' }).map(layerPath)
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error
    throw new ErrnoError('readdir', undefined, -error.errno)
  }
}
