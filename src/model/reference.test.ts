import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isFault } from './failure.ts'
import { formatReference, parseLocalReference, parseReference, withDefaultTag } from './reference.ts'

const digest = `sha256:${'ab'.repeat(32)}`

test('what people write becomes the full name that stores and registries use', () => {
  const normalised = {
    debian: 'docker.io/library/debian',
    'debian:12': 'docker.io/library/debian:12',
    'library/debian': 'docker.io/library/debian',
    'someone/thing:v1': 'docker.io/someone/thing:v1',
    'docker.io/debian': 'docker.io/library/debian',
    'index.docker.io/debian': 'docker.io/library/debian',
    'localhost/debian': 'localhost/debian',
    'localhost:5000/debian:x': 'localhost:5000/debian:x',
    'registry.example.com/a/b/c': 'registry.example.com/a/b/c',
    'UPPER/case': 'UPPER/case',
    '[2001:db8::1]:5000/image': '[2001:db8::1]:5000/image',
    [`debian@${digest}`]: `docker.io/library/debian@${digest}`,
    [`debian:12@${digest}`]: `docker.io/library/debian:12@${digest}`,
    'a__b/c---d/e.f_g': 'docker.io/a__b/c---d/e.f_g',
  }
  const got = Object.fromEntries(Object.keys(normalised).map((text) => [text, formatReference(parseReference(text))]))
  assert.deepEqual(got, normalised)
})

test('what is no reference says why', () => {
  const problems = {
    '': 'invalid reference format',
    ':tag': 'invalid reference format',
    Debian: 'repository name must be lowercase',
    'a//b': 'invalid reference format',
    'a/../b': 'invalid reference format',
    'a.example/../../etc': 'invalid reference format',
    'debian:': 'invalid reference format',
    'debian:-x': 'invalid reference format',
    [`debian:${'t'.repeat(129)}`]: 'invalid reference format',
    'debian@sha256:12': 'invalid checksum digest length',
    'debian@md5:d41d8cd98f00b204e9800998ecf8427e': 'unsupported digest algorithm',
    [`debian@${digest}@${digest}`]: 'invalid reference format',
    'a_/b': 'invalid reference format',
    'ex_ample.com/b': '"ex_ample.com" is not a host',
    [`${'a/'.repeat(130)}a`]: 'repository name must not be more than 255 characters',
    ['ab'.repeat(32)]: 'it cannot be 64 hexadecimal digits: that is an id',
  }
  const got = Object.fromEntries(Object.keys(problems).map((text) => [text, problemOf(() => parseReference(text))]))
  assert.deepEqual(got, problems)
})

function problemOf(parse: () => unknown): string {
  try {
    parse()
  } catch (error) {
    if (isFault(error, 'reference-invalid')) return error.failure.problem
    throw error
  }
  return 'accepted'
}

test('a name for an image of this machine is at home on localhost and has a tag', () => {
  const names = ['debian', 'my/app:2', 'docker.io/debian', `debian@${digest}`].map((text) =>
    formatReference(parseLocalReference(text)),
  )
  assert.deepEqual(names, [
    'localhost/debian:latest',
    'localhost/my/app:2',
    'docker.io/library/debian:latest',
    `localhost/debian@${digest}`,
  ])
})

test('a full name parses to itself', () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4}){0,2}$/)
  const domain = fc.constantFrom('localhost', 'docker.io', 'r.example:5000', 'quay.example')
  const reference = fc.record({
    domain,
    path: fc.array(component, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/')),
    tag: fc.stringMatching(/^\w[\w.-]{0,20}$/),
  })
  fc.assert(fc.property(reference, (value) => assert.deepEqual(parseReference(formatReference(value)), { ...value })))
})

test('noise is refused as a Fault, never otherwise', () => {
  const alphabet = fc.string({
    unit: fc.constantFrom('a', 'Z', '0', '.', ':', '/', '@', '_', '-', '[', ']', '\0', 'é'),
    maxLength: 30,
  })
  fc.assert(
    fc.property(alphabet, (text) => {
      try {
        const full = formatReference(withDefaultTag(parseReference(text)))
        assert.equal(formatReference(parseReference(full)), full)
      } catch (error) {
        if (!isFault(error, 'reference-invalid')) throw error
      }
    }),
  )
})
