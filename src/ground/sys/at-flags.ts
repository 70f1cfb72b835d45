/** Instead of a descriptor: relative to the working directory. */
export const AT_FDCWD = -100
export const AT_SYMLINK_NOFOLLOW = 0x100
export const AT_REMOVEDIR = 0x200
export const AT_SYMLINK_FOLLOW = 0x400
export const AT_NO_AUTOMOUNT = 0x800
/** An empty path stands for the descriptor itself. */
export const AT_EMPTY_PATH = 0x1000
export const AT_RECURSIVE = 0x8000
