// Floors, doors and words: the architecture as a test. The table is that of docs/architecture.md; change both together.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

/** A room may import `model`, and the rooms named beside it: all of them stand above it in this table. */
const floors: Readonly<Record<string, readonly string[]>> = {
  model: [],
  'ground/bytes': [],
  'ground/sys': [],
  'ground/files': ['ground/bytes', 'ground/sys'],
  'formats/compression': ['ground/bytes'],
  'formats/tar': ['ground/bytes'],
  'formats/tarsplit': ['ground/bytes', 'formats/tar'],
  'formats/toc': ['ground/bytes', 'formats/compression', 'formats/tar', 'formats/tarsplit'],
  'formats/tree': [],
  'formats/erofs': ['ground/bytes', 'formats/tree'],
  'parts/config': ['ground/files'],
  'parts/changeset': ['ground/bytes', 'ground/sys', 'ground/files', 'formats/tar'],
  'parts/unpack': [
    'ground/bytes',
    'ground/sys',
    'ground/files',
    'formats/compression',
    'formats/tar',
    'formats/tarsplit',
    'parts/changeset',
  ],
  'parts/records': ['ground/files'],
  'parts/drivers': ['ground/sys', 'ground/files', 'parts/changeset', 'formats/erofs'],
  'parts/registry': ['ground/bytes', 'ground/files'],
  'parts/chunks': ['ground/bytes', 'ground/files', 'formats/compression', 'formats/toc', 'formats/tree'],
  'parts/fuse': ['ground/bytes', 'ground/sys', 'formats/tree'],
  store: [
    'ground/bytes',
    'ground/sys',
    'ground/files',
    'formats/compression',
    'formats/tar',
    'formats/tarsplit',
    'parts/changeset',
    'parts/unpack',
    'parts/records',
    'parts/drivers',
  ],
  pull: [
    'ground/bytes',
    'ground/files',
    'formats/compression',
    'formats/tar',
    'formats/tarsplit',
    'formats/toc',
    'parts/unpack',
    'parts/registry',
    'store',
  ],
  lazy: ['ground/bytes', 'ground/files', 'formats/toc', 'formats/tree', 'parts/registry', 'parts/chunks', 'parts/fuse'],
  'doors/wiring': ['parts/config', 'parts/drivers', 'parts/registry', 'store'],
}
const everyRoomBelowDoors = Object.keys(floors)

/** Words that hide what a thing is, and marks of unfinished work. */
const bannedWords = [
  /\b(?:TODO|FIXME|XXX|HACK)\b/,
  /\b\w*(?:Utils?|Helpers?)\b/,
  /\b(?:utils?|helpers?)\b/i,
  /\b(?!LayerManager)\w+Manager\b/,
  /\b\w+Impl\b/,
  /@ts-(?:ignore|nocheck|expect-error)/,
  /oxlint-disable(?!-next-line [\w/-]+ -- \S)/,
]

interface SourceFile {
  readonly file: string
  readonly room: string
  readonly text: string
}

const root = path.resolve(import.meta.dirname, '..')
const sources = trackedFiles('src').map((file): SourceFile => {
  return { file, room: roomOf(file), text: readFileSync(path.join(root, file), 'utf8') }
})

function trackedFiles(folder: string): readonly string[] {
  const options = ['ls-files', '--cached', '--others', '--exclude-standard', '--', folder]
  const listing = execFileSync('git', options, { cwd: root, encoding: 'utf8' })
  return listing.split('\n').filter((file) => file.endsWith('.ts') && existsSync(path.join(root, file)))
}

function roomOf(file: string): string {
  const [, first = '', second = ''] = file.split('/')
  if (first.endsWith('.ts')) return 'src'
  if (second.endsWith('.ts')) return first
  return ['ground', 'formats', 'parts', 'doors'].includes(first) ? `${first}/${second}` : first
}

/** Without comments, near enough. */
function codeOf(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g, '')
}

function importsOf(text: string): readonly string[] {
  const patterns = [/\bfrom\s+'([^']+)'/g, /\bimport\s*\(\s*'([^']+)'\s*\)/g, /^\s*import\s+'([^']+)'/gm]
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''))
}

function roomOfImport(specifier: string): string {
  return specifier === '#wiring' ? 'doors/wiring' : specifier.slice(1)
}

function allowedFor(room: string): readonly string[] {
  if (room === 'src') return [...everyRoomBelowDoors]
  if (room.startsWith('doors/') && room !== 'doors/wiring') return everyRoomBelowDoors
  return floors[room] ?? []
}

test('every room stands in the table, and every room it may use stands above it', () => {
  const known = new Set<string>()
  for (const [room, below] of Object.entries(floors)) {
    assert.deepEqual(
      below.filter((other) => !known.has(other)),
      [],
      `${room} may use a room that does not stand above it`,
    )
    known.add(room)
  }
  const strangers = sources.filter(
    ({ room }) => room !== 'src' && !room.startsWith('doors/') && floors[room] === undefined,
  )
  assert.deepEqual(
    strangers.map(({ file }) => file),
    [],
  )
})

test('rooms import only what lies below them, by the name of the room', () => {
  const breaches = sources.flatMap(({ file, room, text }) =>
    importsOf(text).flatMap((specifier) => {
      if (specifier.startsWith('../')) return [`${file}: ${specifier} leaves the room through the window`]
      if (specifier === './index.ts' && !file.endsWith('.test.ts')) return [`${file} imports its own index`]
      if (!specifier.startsWith('#') || specifier === '#model') return []
      const other = roomOfImport(specifier)
      if (other === room) return file.endsWith('.test.ts') ? [] : [`${file} imports its own room by name`]
      return allowedFor(room).includes(other) ? [] : [`${file}: ${room} may not import ${other}`]
    }),
  )
  assert.deepEqual(breaches, [])
})

test('model does no input or output, reads no clock and is not random', () => {
  const breaches = sources
    .filter(({ room, file }) => room === 'model' && !file.endsWith('.test.ts'))
    .flatMap(({ file, text }) => {
      const modules = importsOf(text).filter((specifier) => /^node:(?!buffer$)/.test(specifier))
      const calls = [
        ...text.matchAll(/Date\.now|performance\.|Math\.random|new Date\(\)|randomBytes|process\.(?!arch\b)/g),
      ]
      return [...modules, ...calls.map((match) => match[0])].map((what) => `${file}: ${what}`)
    })
  assert.deepEqual(breaches, [])
})

test('index files only re-export', () => {
  const breaches = sources
    .filter(({ file }) => file.endsWith('/index.ts') && file !== 'src/index.ts')
    .flatMap(({ file, text }) => {
      const code = text
        .replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
        .replaceAll(/export\s+(?:type\s+)?(?:\*|\{[^}]*\})(?:\s+as\s+\w+)?\s+from\s+'[^']+'/g, '')
      return code.trim() === '' ? [] : [`${file}: ${code.trim().slice(0, 60)}`]
    })
  assert.deepEqual(breaches, [])
})

test('only ground/sys opens the door to the kernel', () => {
  const breaches = sources.filter(
    ({ room, text }) => room !== 'ground/sys' && importsOf(text).some((name) => name.startsWith('koffi')),
  )
  assert.deepEqual(
    breaches.map(({ file }) => file),
    [],
  )
})

test('files are kebab-case, named after a thing, and free of banned words', () => {
  const badNames = sources.filter(({ file }) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(path.basename(file)))
  assert.deepEqual(
    badNames.map(({ file }) => file),
    [],
  )
  const badWords = sources.flatMap(({ file, text }) => {
    const own = text.replaceAll(/'node:[a-z/]+'/g, '')
    return bannedWords.flatMap((word) => (word.test(own) ? [`${file}: ${word.exec(own)?.[0]}`] : []))
  })
  assert.deepEqual(badWords, [])
})

test('types are not talked away', () => {
  const escapes = [
    /\bas any\b/,
    /:\s*any\b/,
    /<any>/,
    /as unknown as/,
    /^export default\b/m,
    /catch\s*(?:\([^)]*\))?\s*\{\s*\}/,
  ]
  const breaches = sources.flatMap(({ file, text }) =>
    escapes.flatMap((pattern) => (pattern.test(codeOf(text)) ? [`${file}: ${pattern.exec(codeOf(text))?.[0]}`] : [])),
  )
  assert.deepEqual(breaches, [])
})

test('the project speaks of the project alone', () => {
  const everything = [
    ...trackedFiles('src'),
    ...trackedFiles('test'),
    ...trackedFiles('tools'),
    ...trackedFiles('bench'),
  ]
  const foreign = [/\/work\/(?:main|shared)/, /registry\.npmjs/, /\bdeb\.debian\.org\b/]
  const breaches = everything
    .filter((file) => file !== 'test/house.test.ts')
    .flatMap((file) => {
      const text = readFileSync(path.join(root, file), 'utf8')
      return foreign.flatMap((pattern) => (pattern.test(text) ? [`${file}: ${pattern.exec(text)?.[0]}`] : []))
    })
  assert.deepEqual(breaches, [])
})

test('the ten longest files and functions are shown, so that growth is seen', (context) => {
  const product = sources.filter(({ file }) => !file.endsWith('.test.ts'))
  const files = product.map(({ file, text }) => ({ where: file, lines: text.split('\n').length }))
  const functions = product.flatMap(functionsOf)
  const longest = (list: readonly { where: string; lines: number }[]): string =>
    [...list]
      .sort((a, b) => b.lines - a.lines)
      .slice(0, 10)
      .map(({ where, lines }) => `${String(lines).padStart(5)}  ${where}`)
      .join('\n')
  context.diagnostic(`longest files:\n${longest(files)}`)
  context.diagnostic(`longest functions:\n${longest(functions)}`)
  assert.ok(
    files.every(({ lines }) => lines <= 700),
    'a file of more than 700 lines has a second noun in it',
  )
})

/** By the formatter's indentation: a function ends at the first line that is indented like its head and begins with a brace. */
function functionsOf({ file, text }: SourceFile): readonly { where: string; lines: number }[] {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    const head = /^(\s*)(?:export )?(?:async )?(?:function\*? (\w+)|(?:static )?(?:async )?\*?(#?\w+)\(.*\).*\{$)/.exec(
      line,
    )
    const name = head?.[2] ?? head?.[3]
    if (head === null || name === undefined || /^(?:if|for|while|switch|catch|return)$/.test(name)) return []
    const end = lines.findIndex((other, index) => index > start && other === `${head[1]}}`)
    return end < 0 ? [] : [{ where: `${file}: ${name}`, lines: end - start + 1 }]
  })
}
