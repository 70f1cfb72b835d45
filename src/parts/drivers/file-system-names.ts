/** Names of file systems by the magic number that statfs(2) tells (spec/drivers §1.6), as `status` prints them. */
const names: ReadonlyMap<number, string> = new Map([
  [0x61756673, 'aufs'],
  [0x9123683e, 'btrfs'],
  [0x28cd3d45, 'cramfs'],
  [0xf15f, 'ecryptfs'],
  [0xe0f5e1e2, 'erofs'],
  [0xef53, 'extfs'],
  [0xf2f52010, 'f2fs'],
  [0x47504653, 'gpfs'],
  [0x72b6, 'jffs2'],
  [0x3153464a, 'jfs'],
  [0x6969, 'nfs'],
  [0x794c7630, 'overlayfs'],
  [0x858458f6, 'ramfs'],
  [0x52654973, 'reiserfs'],
  [0x517b, 'smb'],
  [0x73717368, 'squashfs'],
  [0x01021994, 'tmpfs'],
  [0, 'unsupported'],
  [0xa501fcf5, 'vxfs'],
  [0x58465342, 'xfs'],
  [0x2fc12fc1, 'zfs'],
])

const networkOnly: ReadonlySet<number> = new Set([
  0x61636673, 0x5346414f, 0x00c36400, 0xff534d42, 0x013111a8, 0x6b414653, 0x0bd00bd0, 0x564c, 0x6e667364, 0x7461636f,
  0xaad7aaea, 0x7c7c6673, 0xfe534d42, 0xbeefdead, 0x786f4256, 0x6969, 0x517b,
])

export function fileSystemName(magic: number): string {
  return names.get(magic >>> 0) ?? '<unknown>'
}

export function isNetworkFileSystem(magic: number): boolean {
  return networkOnly.has(magic >>> 0)
}
