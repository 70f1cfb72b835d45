import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault, layerPathOfText } from '#model'
import { MergedTree } from './merged-tree.ts'

/** Three directories of a chain: `top` over `middle` over `bottom`. */
function layers() {
  const root = mkdtempSync(path.join(tmpdir(), 'shale-merged-'))
  const directories = ['top', 'middle', 'bottom'].map((name) => path.join(root, name))
  const [top = '', middle = '', bottom = ''] = directories
  for (const directory of directories) mkdirSync(directory)
  return {
    root,
    top,
    middle,
    bottom,
    tree: new MergedTree(directories),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  }
}

function put(directory: string, name: string, text: string): void {
  mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
  writeFileSync(path.join(directory, name), text)
}

function whiteout(directory: string, name: string): void {
  mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
  execFileSync('mknod', [path.join(directory, name), 'c', '0', '0'])
}

function read(tree: MergedTree, name: string): string {
  const fd = tree.open(layerPathOfText(name))
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

const names = (tree: MergedTree, name: string): readonly string[] =>
  tree.list(layerPathOfText(name)).map((file) => file.path)

test('an upper file hides a lower one, a whiteout hides a name, and directories merge', () => {
  using chain = layers()
  put(chain.bottom, 'etc/passwd', 'bottom')
  put(chain.bottom, 'etc/gone', 'bottom')
  put(chain.bottom, 'etc/kept', 'bottom')
  put(chain.middle, 'etc/passwd', 'middle')
  whiteout(chain.middle, 'etc/gone')
  put(chain.top, 'etc/new', 'top')
  assert.deepEqual(names(chain.tree, 'etc'), ['etc/kept', 'etc/new', 'etc/passwd'])
  assert.equal(read(chain.tree, '/etc/passwd'), 'middle')
  assert.equal(read(chain.tree, 'etc/../etc/kept'), 'bottom')
  assert.throws(
    () => read(chain.tree, 'etc/gone'),
    (error) => isFault(error, 'file-unknown') && error.message === '/etc/gone: no such file or directory',
  )
})

test('an opaque directory, and one put back over a file, show nothing from below', () => {
  using chain = layers()
  put(chain.bottom, 'opaque/old', '')
  put(chain.bottom, 'replaced/old', '')
  put(chain.middle, 'replaced', 'a file now')
  put(chain.top, 'opaque/new', '')
  put(chain.top, 'replaced/new', '')
  execFileSync('setfattr', ['-n', 'trusted.overlay.opaque', '-v', 'y', path.join(chain.top, 'opaque')])
  assert.deepEqual([names(chain.tree, 'opaque'), names(chain.tree, 'replaced')], [['opaque/new'], ['replaced/new']])
})

test('links are resolved inside the merged root, whatever they say', () => {
  using chain = layers()
  put(chain.bottom, 'run/lock/file', 'inside')
  put(chain.bottom, 'etc/hostname', 'inside')
  mkdirSync(path.join(chain.top, 'var'))
  symlinkSync('/run', path.join(chain.top, 'var/run'))
  symlinkSync('../../../../../etc/hostname', path.join(chain.top, 'escape'))
  symlinkSync('loop', path.join(chain.top, 'loop'))
  assert.equal(read(chain.tree, 'var/run/lock/file'), 'inside')
  assert.equal(read(chain.tree, 'escape'), 'inside')
  assert.equal(chain.tree.get(layerPathOfText('escape'), 'keep').target, '../../../../../etc/hostname')
  assert.throws(() => read(chain.tree, 'loop'), /too many levels of symbolic links/)
  assert.throws(() => read(chain.tree, 'etc/hostname/below'), /not a directory/)
  assert.deepEqual(names(chain.tree, '/'), ['escape', 'etc', 'loop', 'run', 'var'])
})
