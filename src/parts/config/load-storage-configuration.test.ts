import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#model'
import { loadStorageConfiguration } from './load-storage-configuration.ts'

/** A system of its own: files by path, a user, an environment. */
function system(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(path.join(tmpdir(), 'shale-config-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), text)
  }
  return {
    root,
    load: (environment: Readonly<Record<string, string>> = {}, uid = 0) =>
      loadStorageConfiguration({
        systemRoot: root,
        user: { uid, environment: { HOME: path.join(root, 'home'), ...environment } },
      }),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

test('without any file the defaults of root hold', async () => {
  using bare = system({})
  assert.deepEqual(await bare.load(), {
    driver: undefined,
    driverPriority: [],
    runRoot: '/run/containers/storage',
    graphRoot: '/var/lib/containers/storage',
    imageStore: undefined,
    transientStore: false,
    driverOptions: [],
    rootAutoUserNamespaceUser: undefined,
    autoUserNamespaceMinSize: 1024,
    autoUserNamespaceMaxSize: 65536,
    disableVolatile: false,
    pullOptions: {},
    files: [],
    warnings: [],
  })
})

test('the first main file is read alone, drop-ins by name on top of it, the strongest directory first', async () => {
  using layered = system({
    'usr/share/containers/storage.conf': '[storage]\ndriver = "zfs"\n',
    'etc/containers/storage.conf':
      '[storage]\ndriver = "overlay"\nrunroot = "/r"\ngraphroot = "/g"\n[storage.options.overlay]\nmountopt = "nodev"\n',
    'usr/share/containers/storage.conf.d/20-a.conf': '[storage]\nrunroot = "/hidden"\n',
    'etc/containers/storage.conf.d/20-a.conf': '[storage]\nrunroot = "/r2"\n',
    'etc/containers/storage.conf.d/10-b.conf': '[storage]\nrunroot = "/r1"\ngraphroot = "/g1"\n',
    'etc/containers/storage.conf.d/ignored.txt': '[storage]\nrunroot = "/no"\n',
    'etc/containers/storage.rootful.conf.d/30.conf':
      '[storage.options]\nadditionalimagestores = ["/a"]\n[storage.options.pull_options]\nenable_partial_images = "true"\n',
  })
  symlinkSync('20-a.conf', path.join(layered.root, 'etc/containers/storage.conf.d/99-link.conf'))
  const configuration = await layered.load()
  assert.deepEqual(
    {
      driver: configuration.driver,
      runRoot: configuration.runRoot,
      graphRoot: configuration.graphRoot,
      options: configuration.driverOptions,
      pull: configuration.pullOptions,
    },
    {
      driver: 'overlay',
      runRoot: '/r2',
      graphRoot: '/g1',
      options: ['imagestore=/a', 'overlay.mountopt=nodev'],
      pull: { enable_partial_images: 'true' },
    },
  )
  assert.deepEqual(
    configuration.files.map((file) => path.relative(layered.root, file)),
    [
      'etc/containers/storage.conf',
      'etc/containers/storage.conf.d/10-b.conf',
      'etc/containers/storage.conf.d/20-a.conf',
      'etc/containers/storage.rootful.conf.d/30.conf',
    ],
  )
})

test('the environment is stronger than files', async () => {
  using host = system({
    'etc/containers/storage.conf': '[storage]\ndriver = "overlay"\n[storage.options.overlay]\nmountopt = "nodev"\n',
    'only.conf': '[storage]\ngraphroot = "/only"\n',
    'override.conf': '[storage]\nrunroot = "/last"\n',
  })
  const configuration = await host.load({
    CONTAINERS_STORAGE_CONF: path.join(host.root, 'only.conf'),
    CONTAINERS_STORAGE_CONF_OVERRIDE: path.join(host.root, 'override.conf'),
    STORAGE_DRIVER: 'overlay2',
    STORAGE_OPTS: 'overlay.size=1G,vfs.sync=none',
  })
  assert.deepEqual(
    [configuration.driver, configuration.graphRoot, configuration.runRoot, configuration.driverOptions],
    ['overlay', '/only', '/last', ['overlay.size=1G', 'vfs.sync=none']],
  )
})

test('an ordinary user has a store of its own, with variables in paths expanded', async () => {
  using host = system({
    'home/.config/containers/storage.conf': '[storage]\nrootless_storage_path = "$HOME/stores/$UID"\n',
    'run/x': '',
  })
  const configuration = await host.load({ XDG_RUNTIME_DIR: path.join(host.root, 'run') }, 1234)
  assert.deepEqual(
    [configuration.graphRoot, configuration.runRoot],
    [path.join(host.root, 'home/stores/1234'), path.join(host.root, 'run/containers')],
  )
})

test('lists replace each other until one says that it appends', async () => {
  using host = system({
    'etc/containers/storage.conf': '[storage.options]\nadditionalimagestores = ["/one"]\n',
    'etc/containers/storage.conf.d/1.conf': '[storage.options]\nadditionalimagestores = ["/two", {append=true}]\n',
    'etc/containers/storage.conf.d/2.conf': '[storage.options]\nadditionalimagestores = ["/three"]\n',
  })
  assert.deepEqual((await host.load()).driverOptions, ['imagestore=/one', 'imagestore=/two', 'imagestore=/three'])
})

test('unknown keys warn, broken files and missing ones are named', async () => {
  using host = system({
    'etc/containers/storage.conf': '[storage]\ncolour = "red"\n[other]\n',
    'broken.conf': '[storage]\ndriver = \n',
    'type.conf': '[storage]\ndriver = 3\n',
  })
  const file = path.join(host.root, 'etc/containers/storage.conf')
  assert.deepEqual((await host.load()).warnings, [
    `${file}: unknown key "colour" in [storage]`,
    `${file}: unknown table [other]`,
  ])
  for (const [name, problem] of [
    ['broken.conf', /toml: line 2/],
    ['type.conf', /storage\.driver has to be a string, and is 3/],
    ['missing.conf', /no such file/],
  ] as const) {
    await assert.rejects(
      host.load({ CONTAINERS_STORAGE_CONF: path.join(host.root, name) }),
      (error) => isFault(error, 'configuration-invalid') && problem.test(error.message) && error.message.includes(name),
    )
  }
})
