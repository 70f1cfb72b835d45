import type { Layer } from '#model'
import type { WholeStore } from '#store'

interface Node {
  readonly name: string
  readonly notes: readonly string[]
  readonly children: readonly Node[]
}

/** `layers --tree` (spec/cli §6.3): a root per missing parent, the one with the fewest children first. */
export function layerTree(all: WholeStore): readonly string[] {
  const known = new Set<string>(all.layers.map(({ id }) => id))
  const childrenOf = new Map<string, Layer[]>()
  for (const layer of all.layers) {
    const parent = layer.parent ?? ''
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), layer])
  }
  const nodeOf = (layer: Layer): Node => ({
    name: layer.id,
    notes: notesOf(layer, all),
    children: (childrenOf.get(layer.id) ?? []).map(nodeOf),
  })
  const roots = [...childrenOf]
    .filter(([parent]) => !known.has(parent))
    .map(([parent, children]) => ({
      name: parent === '' ? '(base)' : parent,
      notes: [],
      children: children.map(nodeOf),
    }))
    .toSorted((a, b) => a.children.length - b.children.length)
  return roots.flatMap((root) => [root.name, ...branches(root, '')])
}

function branches(node: Node, indent: string): readonly string[] {
  return node.children.flatMap((child, index) => {
    const isLast = index === node.children.length - 1
    const below = `${indent}${isLast ? '  ' : '│ '}`
    return [
      `${indent}${isLast ? '└─' : '├─'}${child.name}`,
      ...child.notes.map((note) => `${below}${note}`),
      ...branches(child, below),
    ]
  })
}

function notesOf(layer: Layer, { images, containers, mounts }: WholeStore): readonly string[] {
  const mount = mounts.get(layer.id)
  const ofImages = images.filter((image) => image.layer === layer.id || image.mappedLayers.includes(layer.id))
  const ofContainers = containers.filter((container) => container.layer === layer.id)
  return [
    ...layer.names.map((name) => `name: ${name}`),
    ...(mount === undefined ? [] : [`mount: ${mount.path}`]),
    ...ofImages.flatMap((image) => [`image: ${image.id}`, ...image.names.map((name) => `image name: ${name}`)]),
    ...ofContainers.flatMap((container) => [
      `container: ${container.id}`,
      ...container.names.map((name) => `container name: ${name}`),
    ]),
  ]
}
