// A disk that is full: the pull says so, and the store is byte for byte as it was.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixtures/fixture.ts'
import { type DriverName, makePlace, must } from '../place.ts'
import { assertSound, leftovers, storeListing } from './store-state.ts'

/** A file system of its own in a file. */
function smallDisk(megabytes: number) {
  const directory = mkdtempSync(path.join(tmpdir(), 'shale-disk-'))
  const image = path.join(directory, 'image')
  const mountpoint = path.join(directory, 'mounted')
  mkdirSync(mountpoint)
  execFileSync('truncate', ['-s', `${megabytes}M`, image])
  execFileSync('mkfs.ext4', ['-q', '-m', '0', image])
  execFileSync('mount', ['-o', 'loop', image, mountpoint])
  return {
    mountpoint,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--lazy', mountpoint])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const skip = existsSync('/dev/loop-control') ? false : 'this machine has no loop devices'

for (const driver of ['overlay', 'vfs'] satisfies readonly DriverName[]) {
  test(
    `a pull that does not fit fails, says what to do, and leaves the store as it was (${driver})`,
    { skip },
    async () => {
      const big = (await fixture('debian')).source
      using disk = smallDisk(64)
      using place = makePlace(driver, { below: disk.mountpoint })
      must(place.shale('pull', (await fixture('tiny')).source))
      const first = place.shale('pull', big)
      const before = storeListing(place)
      const second = place.shale('pull', big)
      for (const told of [first, second]) {
        assert.equal(told.status, 1)
        assert.match(told.stderr, /no space left on device/)
        assert.match(told.stderr, /Nothing has been stored\. Free some space/)
      }
      assert.deepEqual(storeListing(place), before)
      assert.deepEqual(leftovers(place), [])
      assertSound(place)
    },
  )
}
