import { conformsToContract } from './conformance.ts'
import { createOverlayDriver } from './overlay-driver.ts'
import { createVfsDriver } from './vfs-driver.ts'

conformsToContract({
  name: 'vfs',
  create: createVfsDriver,
  module: import.meta.resolve('./vfs-driver.ts'),
  factory: 'createVfsDriver',
  depth: 8,
})

conformsToContract({
  name: 'overlay',
  create: createOverlayDriver,
  module: import.meta.resolve('./overlay-driver.ts'),
  factory: 'createOverlayDriver',
  depth: 60,
})
