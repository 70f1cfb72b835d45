import { type FileStatus, cStringOfLayerPath, fstatat, isErrno } from '#ground/sys'
import { type Cancellable, isFault, layerPath } from '#model'
import { DirectoryStack } from './directory-stack.ts'
import type { FileChange } from './file-change.ts'
import { isDirectory, isWhiteout } from './file-type.ts'
import { LowerLayers, type Participants } from './lower-layers.ts'
import { isOpaque, type OverlayXattrs } from './opaque-mark.ts'
import { openHostDirectory } from './open-top.ts'
import { type ReportedDirectory, reportUnreported } from './reported-directory.ts'
import { isSameTime } from './same-time.ts'
import { Turns } from './turns.ts'

export interface OverlayChangesOptions extends Cancellable {
  readonly overlayXattrs?: OverlayXattrs | undefined
}

/** A directory of the upper layer on the way down. */
interface Level extends ReportedDirectory {
  readonly lowers: Participants
}

/**
 * What the upper directory of an overlay changes in the layers below it, top first (spec/drivers §9.2), in the order of names,
 * directories before what is in them. A directory that hides its lower self is a `delete`, and its contents follow. An upper
 * directory that is not there changes nothing. Where a lower layer has another kind of file, nothing shows through below it; the
 * original fails there. @throws Fault `system`
 */
export async function* overlayChanges(
  upper: string,
  lowers: readonly string[],
  options: OverlayChangesOptions = {},
): AsyncGenerator<FileChange> {
  const turns = new Turns(options)
  using layers = new LowerLayers(lowers)
  using stack = new DirectoryStack('by-name')
  const top = openUpper(upper)
  if (top === undefined) return
  stack.push(layerPath(''), top)
  const levels: Level[] = [{ path: layerPath(''), lowers: layers.all, isReported: true }]
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const fd = stack.top?.fd ?? -1
    const name = stack.top?.names.pop()
    if (name === undefined) {
      stack.leave()
      levels.pop()
      continue
    }
    const path = layerPath(level.path === '' ? name : `${level.path}/${name}`)
    const status = fstatat(fd, cStringOfLayerPath(name))
    const directory = isDirectory(status.mode) ? stack.enter(fd, name).fd : undefined
    const opaque = directory !== undefined && isOpaque(directory, options.overlayXattrs)
    const kind = kindOf(status, opaque, layers.find(path, level.lowers))
    if (kind === 'add' || kind === 'delete') yield* reportUnreported(levels)
    if (kind !== undefined) yield { kind, path: layerPath(`/${path}`) }
    if (directory !== undefined) {
      levels.push({ path, lowers: layers.below(path, level.lowers), isReported: kind !== undefined })
    }
    await turns.over()
  }
}

function kindOf(status: FileStatus, opaque: boolean, lower: FileStatus | undefined): FileChange['kind'] | undefined {
  if (isWhiteout(status)) return 'delete'
  if (lower === undefined) return 'add'
  if (opaque) return 'delete'
  return isDirectory(status.mode) && isSameDirectory(status, lower) ? undefined : 'modify'
}

function isSameDirectory(one: FileStatus, other: FileStatus): boolean {
  return one.size === other.size && one.mode === other.mode && isSameTime(one.modified, other.modified)
}

function openUpper(upper: string): number | undefined {
  try {
    return openHostDirectory(upper)
  } catch (error) {
    if (isFault(error, 'system') && isErrno(error.cause, 'ENOENT')) return undefined
    throw error
  }
}
