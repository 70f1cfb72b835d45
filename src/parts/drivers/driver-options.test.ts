import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { parseOverlayOptions } from './overlay-options.ts'
import { parseVfsOptions } from './vfs-options.ts'

test('a driver hears the options that name it and those that name nobody, not those of others', () => {
  const options = [
    'overlay.mountopt=nodev,metacopy=on',
    'vfs.ignore_chown_errors=true',
    '.FORCE_MASK = shared',
    'sync=none',
  ]
  assert.deepEqual(parseOverlayOptions(options), {
    mountOptions: 'nodev,metacopy=on',
    size: 0,
    inodes: 0,
    additionalImageStores: [],
    additionalLayerStores: [],
    useComposefs: false,
    mountProgram: '',
    skipMountHome: false,
    ignoreChownErrors: false,
    forceMask: 0o755,
    syncMode: 'none',
  })
  assert.deepEqual(parseVfsOptions(['overlay.size=1', 'vfs.ignore_chown_errors=true', 'vfs.sync=Filesystem']), {
    additionalImageStores: [],
    ignoreChownErrors: true,
    syncMode: 'filesystem',
  })
})

test('options that no driver could mean are refused in the words of the original', () => {
  const refused = (option: string, message: string): void => {
    assert.throws(() => parseOverlayOptions([option]), { message })
  }
  refused('overlay.mountopt', 'unable to parse key/value option: overlay.mountopt')
  refused('ovrelay.size=1', 'unknown driver "ovrelay" in option "ovrelay.size=1"')
  refused('overlay.siez=1', 'unknown option "siez" ("overlay.siez=1")')
  refused('constructor=1', 'unknown option "constructor" ("constructor=1")')
  refused('size=12Q', "invalid size: '12Q'")
  refused('inodes=-1', 'strconv.ParseUint: parsing "-1": invalid syntax')
  refused('force_mask=999', 'strconv.ParseUint: parsing "999": invalid syntax')
  refused('skip_mount_home=maybe', 'strconv.ParseBool: parsing "maybe": invalid syntax')
  refused('sync=always', 'invalid sync mode: "always"')
  refused('imagestore=x', 'overlay: image path "x" is not absolute.  Can not be relative')
  refused('imagestore=/no/x', "overlay: can't stat imageStore dir /no/x: stat /no/x: no such file or directory")
  refused('mount_program=/no/x', 'overlay: can\'t stat program "/no/x": stat /no/x: no such file or directory')
  refused('additionallayerstore=/:rex', 'overlay: additionallayerstore config "/:rex" contains unknown option "rex"')
  assert.throws(() => parseVfsOptions(['mountopt=nodev']), { message: 'vfs driver does not support mount options' })
})

test('sizes have the units of docker: powers of 1024', () => {
  const sizes = ['0', '512', '10G', '20m', '1.5KiB', '7 tb'].map((size) => parseOverlayOptions([`size=${size}`]).size)
  assert.deepEqual(sizes, [0, 512, 10 * 1024 ** 3, 20 * 1024 ** 2, 1536, 7 * 1024 ** 4])
})

test('further stores add up, in their order', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'drivers-options-'))
  try {
    const options = [`imagestore=${directory}/.,/tmp`, `overlay.additionalimagestore=${directory}`, 'imagestore=']
    assert.deepEqual(parseOverlayOptions(options).additionalImageStores, [directory, '/tmp', directory])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
