import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from './failure.ts'
import { formatPlatform, isPlatformAcceptable, parsePlatform, platformOfHost, selectPlatform } from './platform.ts'

const arm64Host = platformOfHost('arm64')

test('a platform is written as Go spells it, and what is left out is the host’s', () => {
  const read = ['linux', 'linux/amd64', 'linux/x86_64', 'linux/arm/v7', 'linux/armhf', 'Linux/ARM64/V8', 'windows'].map(
    (text) => formatPlatform(parsePlatform(text, arm64Host)),
  )
  const expected = [
    'linux/arm64',
    'linux/amd64',
    'linux/amd64',
    'linux/arm/v7',
    'linux/arm/v7',
    'linux/arm64/v8',
    'windows/arm64',
  ]
  assert.deepEqual(read, expected)
  for (const text of ['', 'linux/', 'a/b/c/d', 'linux/a b']) {
    assert.throws(
      () => parsePlatform(text),
      (error) => isFault(error, 'option-invalid'),
    )
  }
})

test('the best variant wins, wherever it stands in the list', () => {
  const items = ['linux/arm/v5', 'linux/arm/v7', 'linux/arm64/v8', 'linux/amd64', 'linux/amd64'].map((text, place) => ({
    place,
    platform: parsePlatform(text),
  }))
  const chosen = ['linux/arm/v6', 'linux/arm', 'linux/arm64', 'linux/amd64', 'linux/amd64/v3'].map(
    (text) => selectPlatform(items, parsePlatform(text)).place,
  )
  assert.deepEqual(chosen, [0, 1, 2, 3, 3])
})

test('a platform that is not there is refused with those that are', () => {
  const items = [{ platform: parsePlatform('linux/amd64') }, { platform: parsePlatform('linux/arm64') }]
  assert.throws(
    () => selectPlatform(items, parsePlatform('linux/s390x')),
    (error) => isFault(error, 'platform-unavailable') && error.failure.available.join() === 'linux/amd64,linux/arm64',
  )
  assert.throws(
    () => selectPlatform([], arm64Host),
    (error) => isFault(error, 'platform-unavailable'),
  )
  assert.deepEqual(selectPlatform([...items, {}], parsePlatform('linux/s390x')), {})
})

test('an image for an older processor may be taken, one for a newer may not', () => {
  const may = (offered: string, wanted: string) => isPlatformAcceptable(parsePlatform(offered), parsePlatform(wanted))
  assert.deepEqual(
    [may('linux/arm/v6', 'linux/arm/v7'), may('linux/arm/v7', 'linux/arm/v6'), may('linux/amd64', 'linux/amd64')],
    [true, false, true],
  )
})
