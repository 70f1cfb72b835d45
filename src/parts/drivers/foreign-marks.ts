import { readdirSync, readFileSync, writeFileSync, type Dirent } from 'node:fs'
import path from 'node:path'
import { isErrno, llistxattr } from '#ground/sys'

const slash = Buffer.from('/')

/**
 * Whether layers here were written by a mount program, in a form of its own that the kernel's overlay does not read. The
 * answer is kept beside the layers, in a file that the Go programs share (spec/drivers §4.4).
 */
export function needsMountProgram(home: string): boolean {
  const file = path.join(home, '.has-mount-program')
  const known = textOrNothing(file)
  if (known === 'true' || known === 'false') return known === 'true'
  const needed = holdsForeignMarks(home)
  writeFileSync(file, String(needed), { mode: 0o600 })
  return needed
}

function holdsForeignMarks(home: string): boolean {
  const waiting = [Buffer.from(home)]
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for (const entry of entriesOf(directory)) {
      if (entry.name.subarray(0, 4).toString('latin1') === '.wh.') return true
      if (!entry.isDirectory()) continue
      const below = Buffer.concat([directory, slash, entry.name])
      if (hasForeignAttribute(below)) return true
      waiting.push(below)
    }
  }
  return false
}

function hasForeignAttribute(directory: Buffer): boolean {
  return llistxattr(directory).some(
    (name) => name.startsWith('user.fuseoverlayfs.') || name.startsWith('user.containers.'),
  )
}

function entriesOf(directory: Buffer): readonly Dirent<Buffer>[] {
  try {
    return readdirSync(directory, { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    // Another program removes a layer meanwhile; or the kernel takes no path that long, so that a mount program did not either.
    if (isErrno(error, 'ENOENT', 'ENAMETOOLONG')) return []
    throw error
  }
}

function textOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
