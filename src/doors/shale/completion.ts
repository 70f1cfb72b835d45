import { Argument } from 'commander'
import { printText } from '#ground/bytes'
import type { AddCommand } from './program.ts'

export const addCompletion: AddCommand = (program) =>
  program
    .command('completion')
    .description('print a script that completes commands, options and names in your shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(shale completion bash)\n  shale completion fish > ~/.config/fish/completions/shale.fish',
    )
    .action((shell: 'bash' | 'zsh' | 'fish') => {
      const commands = program.commands.map((command) => ({
        name: command.name(),
        description: command.description(),
        options: command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long])),
      }))
      printText(scripts[shell](commands))
    })

interface Completed {
  readonly name: string
  readonly description: string
  readonly options: readonly string[]
}

/** Commands whose words are names of images or containers. */
const naming = [
  'inspect',
  'tree',
  'mount',
  'unmount',
  'ls',
  'cat',
  'diff',
  'save',
  'create',
  'commit',
  'rm',
  'rmi',
  'tag',
  'untag',
] as const
const listNames =
  "shale images --json 2>/dev/null | tr ',' '\\n' | grep -o '[^\"[]*/[^\"]*:[^\"]*'; shale containers --quiet --no-trunc 2>/dev/null"

const scripts: Readonly<Record<'bash' | 'zsh' | 'fish', (commands: readonly Completed[]) => string>> = {
  bash: (commands) => `_shale() {
  local word=\${COMP_WORDS[COMP_CWORD]} command= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in -*) ;; *) command=\${COMP_WORDS[i]}; break ;; esac
  done
  case $command in
    "") COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word")) ;;
${commands.map(({ name, options }) => `    ${name}) if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "${options.join(' ')}" -- "$word")); else ${bashNames(name)}; fi ;;`).join('\n')}
  esac
}
complete -o default -F _shale shale
`,
  zsh: (commands) => `#compdef shale
_shale() {
  local -a commands=(
${commands.map(({ name, description }) => `    '${name}:${description.replaceAll("'", '').replaceAll(':', '')}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then _describe 'command' commands; return; fi
  case $words[2] in
    ${naming.join('|')}) compadd -- \${(f)"$(${listNames})"} ;;
    *) _files ;;
  esac
}
compdef _shale shale
`,
  fish: (
    commands,
  ) => `${commands.map(({ name, description }) => `complete -c shale -n __fish_use_subcommand -f -a ${name} -d '${description.replaceAll("'", '')}'`).join('\n')}
${commands.flatMap(({ name, options }) => options.map((option) => `complete -c shale -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`)).join('\n')}
complete -c shale -n '__fish_seen_subcommand_from ${naming.join(' ')}' -f -a '(${listNames})'
`,
}

function bashNames(name: string): string {
  return naming.some((other) => other === name)
    ? `COMPREPLY=($(compgen -W "$(${listNames})" -- "$word"))`
    : 'COMPREPLY=($(compgen -f -- "$word"))'
}
