import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#model'
import { formatImageAddress, parseImageAddress } from './image-address.ts'

test('an address is read as Podman and Skopeo read it: the path ends at the first colon', () => {
  const addresses = {
    'oci:./debian:latest': { transport: 'oci', path: './debian', reference: 'latest' },
    'oci:/a/b': { transport: 'oci', path: '/a/b' },
    'oci:dir:docker.io/library/debian:12': { transport: 'oci', path: 'dir', reference: 'docker.io/library/debian:12' },
    'oci-archive:x.tar:v1': { transport: 'oci-archive', path: 'x.tar', reference: 'v1' },
    'docker-archive:x.tar:a/b:v1': { transport: 'docker-archive', path: 'x.tar', reference: 'a/b:v1' },
    'docker-archive:x.tar:@2': { transport: 'docker-archive', path: 'x.tar', place: 2 },
    'dir:/with:colon': { transport: 'dir', path: '/with:colon' },
  }
  const read = Object.fromEntries(Object.keys(addresses).map((text) => [text, parseImageAddress(text)]))
  assert.deepEqual(read, addresses)
  for (const text of Object.keys(addresses)) assert.equal(formatImageAddress(parseImageAddress(text)), text)
})

test('what is no address says what one begins with', () => {
  for (const text of ['debian', 'docker://debian', 'oci', '', 'ocidir:x', 'oci:', 'dir:', 'oci::tag', 'dir:a\0b']) {
    assert.throws(
      () => parseImageAddress(text),
      (error) => isFault(error, 'reference-invalid'),
      text,
    )
  }
})
