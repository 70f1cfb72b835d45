// Reading a file of an image from the host: opened inside of the image's root, without waiting, and only if it is a regular file
// (CVE-2024-9676, CVE-2026-47262). `shale cat` and `shale ls` go where whoever reads /etc/passwd of an image goes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { end, rawEntry } from './raw-tar.ts'
import { must } from '../place.ts'
import { drivers, Victim } from './victim.ts'

const file = (name: string, body: string): Buffer => rawEntry({ name }, body)
const symlink = (name: string, link: string): Buffer => rawEntry({ name, flag: '2', link })
const device = (name: string, flag: '3' | '4', major: string, minor: string): Buffer =>
  rawEntry({ name, flag, at: { 329: `${major}\0`, 337: `${minor}\0` } })

/** An image with one of each, in two layers so that names are looked up in several directories. */
function trickster(driver: (typeof drivers)[number]): Victim {
  const victim = new Victim(driver)
  const { outside } = victim
  const lower = [
    rawEntry({ name: 'etc/', flag: '5', at: { 100: '0000755\0' } }),
    file('etc/passwd', 'root of the image'),
    file('etc/hidden', 'hidden'),
    rawEntry({ name: 'fifo', flag: '6', at: { 100: '0000666\0' } }),
    device('zero', '3', '0000001', '0000005'),
    device('disk', '4', '0000010', '0000000'),
    symlink('to-zero', '/zero'),
    symlink('to-fifo', 'fifo'),
    symlink('out', `${outside}/secret`),
    symlink('far-out', `${'../'.repeat(20)}${outside.slice(1)}/secret`),
    symlink('out-directory', outside),
    symlink('by-proc', `/proc/self/root${outside}/secret`),
    symlink('host-passwd', '/etc/passwd'),
    symlink('host-shadow', '../../../../../../etc/shadow'),
    symlink('round', 'about'),
    symlink('about', 'round'),
    symlink('self', 'self/self'),
    rawEntry({ name: 'closed', at: { 100: '0000000\0' } }, 'closed'),
  ]
  const upper = [rawEntry({ name: 'etc/.wh.hidden' }), symlink('etc/again', '../etc/./passwd')]
  must(victim.pull(Buffer.concat([...lower, end]), Buffer.concat([...upper, end])))
  return victim
}

for (const driver of drivers) {
  test(`only regular files are read, and links end in the image (${driver})`, () => {
    using victim = trickster(driver)
    const answers: Readonly<Record<string, readonly [status: number, stdout: string, says?: RegExp]>> = {
      '/etc/passwd': [0, 'root of the image'],
      'etc/passwd': [0, 'root of the image'],
      '/etc/../../../../etc/passwd': [0, 'root of the image'],
      '/host-passwd': [0, 'root of the image'],
      '/etc/again': [0, 'root of the image'],
      '/closed': [0, 'closed'],
      '/host-shadow': [3, '', /no such file or directory/],
      '/etc/hidden': [3, '', /no such file or directory/],
      '/out': [3, '', /no such file or directory/],
      '/far-out': [3, '', /no such file or directory/],
      '/by-proc': [3, '', /no such file or directory/],
      '/out-directory/secret': [3, '', /no such file or directory/],
      '/etc/passwd/below': [3, '', /not a directory/],
      '/round': [3, '', /symbolic links/],
      '/self': [3, '', /symbolic links/],
      '/fifo': [6, '', /no regular file/],
      '/to-fifo': [6, '', /no regular file/],
      '/zero': [6, '', /no regular file/],
      '/to-zero': [6, '', /no regular file/],
      '/disk': [6, '', /no regular file/],
      '/etc': [6, '', /no regular file/],
      '/': [6, '', /no regular file/],
    }
    for (const [path, [status, stdout, says = /^$/]] of Object.entries(answers)) {
      const began = performance.now()
      const given = victim.shale('cat', 'victim', path)
      assert.deepEqual([given.status, given.stdout], [status, stdout], `${path}: ${given.stderr}`)
      assert.match(given.stderr, says, path)
      assert.ok(performance.now() - began < 30_000, `${path} keeps us waiting`)
    }
  })

  test(`looking into directories ends in the image too, and shows links as they are (${driver})`, () => {
    using victim = trickster(driver)
    for (const path of ['/out-directory', '/out-directory/below', `/${victim.outside}`]) {
      assert.doesNotMatch(victim.shale('ls', 'victim', path).stdout, /secret/)
    }
    const listed = victim.shale('ls', '--long', 'victim', '/')
    assert.match(listed.stdout, /out -> .*secret/)
    assert.match(victim.shale('ls', 'victim', '/etc').stdout, /passwd/)
    assert.doesNotMatch(victim.shale('ls', 'victim', '/etc').stdout, /hidden/)
  })
}
