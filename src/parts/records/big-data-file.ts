import { isAbsolute, join, relative, resolve } from 'node:path'
import { Fault } from '#model'

/**
 * Where the item of this key lies in its object's directory (spec/store §1.2). The format joins and cleans the name; a key by
 * which that would lead to the directory itself or out of it, or below an item, is refused.
 * @throws Fault `path-escapes-root`
 */
export function bigDataFile(directory: string, key: string): string {
  const path = resolve(join(directory, bigDataFileName(key)))
  const inside = relative(directory, path)
  const bad = inside === '' || inside === '..' || isAbsolute(inside) || inside.includes('/') || key.includes('\0')
  if (bad) throw new Fault({ code: 'path-escapes-root', root: directory, path: key })
  return path
}

/** Go's rule to the letter: the first bad rune is consumed before it is asked whether anything remains. */
export function bigDataFileName(key: string): string {
  const bad = /[^.0-9a-z]/u.exec(key)
  const seen = bad === null ? key.length : bad.index + bad[0].length
  return seen < key.length ? `=${Buffer.from(key).toString('base64')}` : key
}
