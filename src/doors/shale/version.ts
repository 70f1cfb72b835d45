import { printText } from '#ground/bytes'
import { version } from '#model'
import { globalsOf } from './globals.ts'
import type { AddCommand } from './program.ts'

export const addVersion: AddCommand = (program) =>
  program
    .command('version')
    .description('print the versions of this program and of what it runs on')
    .action((_options, command) => {
      const versions = { shale: version, node: process.versions.node, platform: `${process.platform}/${process.arch}` }
      printText(
        globalsOf(command).json
          ? `${JSON.stringify(versions)}\n`
          : `shale ${versions.shale}\nNode.js ${versions.node}, ${versions.platform}\n`,
      )
    })
