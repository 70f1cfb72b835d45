import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from './failure.ts'
import { imageConfigSizeLimit } from './image-config.ts'
import { parseImageConfig } from './image-config-parse.ts'

const diffId = `sha256:${'d'.repeat(64)}`
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))

test('a config tells how to run the image and what its layers are', async () => {
  const parsed = await parseImageConfig(
    bytes({
      created: '2024-02-29T12:34:56.120000000Z',
      architecture: 'arm64',
      variant: 'v8',
      os: 'linux',
      config: {
        User: '1000:1000',
        ExposedPorts: { '80/tcp': {} },
        Env: ['A=b'],
        Entrypoint: ['/bin/sh', '-c'],
        Cmd: ['true'],
        Volumes: { '/data': {} },
        WorkingDir: '/srv',
        Labels: { x: 'y' },
        StopSignal: 'SIGINT',
        Healthcheck: { Test: ['NONE'] },
      },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [
        { created_by: 'add', created: '2024-02-29T12:34:56Z' },
        { created_by: 'CMD', empty_layer: true },
      ],
    }),
  )
  assert.deepEqual(parsed, {
    created: '2024-02-29T12:34:56.12Z',
    os: 'linux',
    architecture: 'arm64',
    variant: 'v8',
    run: {
      user: '1000:1000',
      exposedPorts: ['80/tcp'],
      environment: ['A=b'],
      entrypoint: ['/bin/sh', '-c'],
      command: ['true'],
      volumes: ['/data'],
      workingDirectory: '/srv',
      labels: { x: 'y' },
      stopSignal: 'SIGINT',
    },
    diffIds: [diffId],
    history: [
      { created: '2024-02-29T12:34:56Z', createdBy: 'add', emptyLayer: false },
      { createdBy: 'CMD', emptyLayer: true },
    ],
  })
})

test('null is absent, as Docker writes it', async () => {
  const parsed = await parseImageConfig(
    bytes({
      created: 'yesterday',
      os: 'linux',
      architecture: 'amd64',
      config: { User: '', ExposedPorts: null, Env: null, Entrypoint: null, Cmd: null, Volumes: null, Labels: null },
      history: null,
      rootfs: { type: 'layers' },
    }),
  )
  assert.deepEqual(parsed, {
    os: 'linux',
    architecture: 'amd64',
    run: { exposedPorts: [], environment: [], volumes: [], labels: {} },
    diffIds: [],
    history: [],
  })
})

test('a config that cannot be right is refused with the place', async () => {
  const problems: readonly (readonly [unknown, RegExp])[] = [
    [{ rootfs: { type: 'layers', diff_ids: ['sha256:../x'] } }, /rootfs\.diff_ids: .*invalid checksum digest format/],
    [{ rootfs: { type: 'tarball' } }, /rootfs\.type is "tarball"/],
    [{ config: { Env: 'A=b' } }, /config\.Env/],
    [[], /image config/],
  ]
  for (const [value, message] of problems) {
    await assert.rejects(parseImageConfig(bytes(value)), (error) => {
      assert.ok(isFault(error, 'manifest-invalid'))
      assert.match(error.message, message)
      return true
    })
  }
  const huge = Buffer.alloc(imageConfigSizeLimit + 1, ' ')
  await assert.rejects(parseImageConfig(huge), (error) => isFault(error, 'limit-exceeded'))
})
