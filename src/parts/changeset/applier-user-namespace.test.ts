import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { contentsOf, listingOf, trialDirectory } from './trial-listing.ts'
import type { UserNamespaceOutcome } from './trial-user-namespace.ts'

const program = fileURLToPath(new URL('trial-user-namespace.ts', import.meta.url))

function inUserNamespace(story: string, directory: string): UserNamespaceOutcome {
  const words = ['--user', '--map-root-user', process.execPath, program, story, directory]
  const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as UserNamespaceOutcome
}

const skip =
  spawnSync('unshare', ['--user', '--map-root-user', 'true']).status === 0
    ? false
    : 'user namespaces are not allowed here'

test(
  'in a user namespace devices are left out, attributes that are not allowed are told, and whiteouts work',
  { skip },
  () => {
    using trial = trialDirectory()
    const { warnings, failure } = inUserNamespace('devices', trial.path)
    assert.equal(failure, '')
    assert.equal(warnings.filter((text) => /operation not permitted/.test(text)).length, 2)
    assert.deepEqual(contentsOf(trial.path), { d: 'directory', 'd/f': 'x', gone: 'char-device', s: '-> x' })
    const listing = listingOf(trial.path)
    assert.ok(listing['d/f']?.endsWith(':2d711642b726 user.a=b'))
    assert.match(listing['d'] ?? '', / user\.overlay\.opaque=y$/)
  },
)

test('an owner that a user namespace does not know fails the layer with advice, or is told and left', { skip }, () => {
  using trial = trialDirectory()
  const { failure } = inUserNamespace('owner', trial.path)
  assert.match(
    failure,
    /^ids-unavailable: potentially insufficient UIDs or GIDs available in user namespace \(requested 1000:1001 for \/f\)/,
  )
  using other = trialDirectory()
  const ignored = inUserNamespace('owner-ignored', other.path)
  assert.equal(ignored.failure, '')
  assert.match(ignored.warnings.join(), /^Chown error detected\. Ignoring due to ignoreChownErrors flag: /)
  assert.deepEqual(contentsOf(other.path), { f: 'x' })
})
