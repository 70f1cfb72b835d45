// Bundles src/ into dist/, flat: the library, the commands, and the entry of every worker thread beside them.
// Plain JavaScript, because it also runs where the machine's own Node.js cannot strip types. `--types` adds declarations.
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { builtinModules, createRequire } from 'node:module'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..')
process.chdir(root)
const packageJson = JSON.parse(readFileSync('package.json', 'utf8'))

const require = createRequire(import.meta.url)

/** Stands for something that is not loaded yet: an object, a class, or a function with properties of its own. */
const later = `const later = (load) => {
  const stand = new Proxy(function () {}, {
    get: (_, key) => load()[key],
    has: (_, key) => key in load(),
    apply: (_, self, words) => Reflect.apply(load(), self, words),
    construct: (_, words, wanted) => Reflect.construct(load(), words, wanted === stand ? load() : wanted),
  })
  return stand
}`

/** An expression for a member of a module that loads the module when it is used. Constants are given as they are. */
function lazily(builtin, key) {
  const value = builtin[key]
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null))
    return `/* @__PURE__ */ (() => load().${key})()`
  const isPlain =
    typeof value === 'function' &&
    /^[a-z]/.test(key) &&
    Reflect.ownKeys(value).every((own) => ['length', 'name', 'prototype'].includes(own))
  return isPlain ? `(...words) => load().${key}(...words)` : `/* @__PURE__ */ later(() => load().${key})`
}

/**
 * Node's own modules are loaded when something of them is used. An `import` loads them at start-up with all that they have, also
 * behind getters: `node:fs` brings streams and promises along, `node:crypto` takes as long as Node itself takes to start.
 */
const lazyBuiltins = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    const names = new Set(builtinModules.filter((name) => !name.startsWith('_') && !name.includes('/internal')))
    onResolve({ filter: /^(?:node:)?[a-z_/]+$/ }, ({ path: name, kind }) => {
      const bare = name.replace(/^node:/, '')
      if (kind === 'dynamic-import' || !names.has(bare)) return undefined
      return { path: bare, namespace: 'builtin', sideEffects: false }
    })
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => {
      const builtin = require(`node:${name}`)
      const keys = Object.keys(builtin).filter((key) => /^[A-Za-z]\w*$/.test(key) && key !== 'default')
      const lines = keys.map((key) => `export const ${key} = ${lazily(builtin, key)}`)
      return {
        contents: [
          `const load = () => process.getBuiltinModule('node:${name}')`,
          later,
          ...lines,
          `export default /* @__PURE__ */ later(load)`,
        ].join('\n'),
      }
    })
  },
}

// Declarations stay: npm packs after `prepack` (which makes them) and `prepare` (which does not), in this order.
for (const file of globSync('dist/*.{js,cjs}')) rmSync(file)

const common = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  external: Object.keys(packageJson.dependencies),
  plugins: [lazyBuiltins],
  logLevel: 'warning',
}

// The library and the worker threads: modules that share what they have in common.
const workers = globSync('src/**/*-worker.ts')
const modules = {
  index: 'src/index.ts',
  ...Object.fromEntries(workers.map((file) => [path.basename(file, '.ts'), file])),
}
if (Object.keys(modules).length !== workers.length + 1) throw new Error('two worker files have one name')
await build({
  ...common,
  entryPoints: modules,
  format: 'esm',
  splitting: true,
  chunkNames: 'chunk-[hash]',
  // Some of the bundled libraries are CommonJS.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
})

// The commands: one file each, because every module that Node has to find costs about a millisecond at start-up.
const commands = ['shale', 'containers-storage']
await build({
  ...common,
  entryPoints: Object.fromEntries(commands.map((name) => [`${name}-main`, `src/doors/${name}/main.ts`])),
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'urlOfBundle' },
  banner: { js: 'const urlOfBundle = require("node:url").pathToFileURL(__filename).href;' },
})
for (const name of commands) {
  // Words that also an old Node.js can read, so that it can be told.
  writeFileSync(
    `dist/${name}.cjs`,
    `if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error('${name}: needs Node.js 24 or newer, and this is ' + process.version + ': install it, or set SHALE_NODE to its path')
  process.exit(1)
}
process.env.UV_THREADPOOL_SIZE = process.env.UV_THREADPOOL_SIZE || '16'
require('node:module').enableCompileCache()
require('./${name}-main.cjs').main()
`,
  )
}

if (process.argv.includes('--types')) {
  rmSync('dist/types', { recursive: true, force: true })
  execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.types.json'], { stdio: 'inherit' })
  for (const file of globSync('dist/types/**/*.d.ts')) {
    const text = readFileSync(file, 'utf8').replaceAll(
      /(from |import\()(['"])#([^'"]+)\2/g,
      (_, keyword, quote, room) => {
        const place = room === 'wiring' ? 'doors/wiring' : room
        const target = path.relative(path.dirname(file), `dist/types/${place}/index.js`)
        return `${keyword}${quote}${target.startsWith('.') ? target : `./${target}`}${quote}`
      },
    )
    writeFileSync(file, text)
  }
}
