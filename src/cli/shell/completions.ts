import type { shells } from '../commands/completion.js';

export type ShellName = (typeof shells)[number];

const branches = "git for-each-ref --format='%(refname:short)' refs/heads refs/remotes 2>/dev/null";

const bash = String.raw`_mzr() {
  local line current=${'$'}{COMP_WORDS[COMP_CWORD]}
  [[ $current == = ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames; mapfile -t -O "${'$'}{#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
      :directories) compopt -o filenames; mapfile -t -O "${'$'}{#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current") ;;
      :branches) while IFS= read -r line; do _mzr_add "$line"; done < <(${branches}) ;;
      ':command '*) _mzr_foreign "${'$'}{line#* }"; return ;;
      *) _mzr_add "${'$'}{line%%$'\t'*}" ;;
    esac
  done < <(command mzr __complete bash "${'$'}{COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}
_mzr_add() {
  [[ $1 == "$current"* ]] && COMPREPLY+=("$(printf %q "$1")")
}
_mzr_foreign() {
  if declare -F _comp_command_offset >/dev/null; then _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then _command_offset "$1"
  elif (( COMP_CWORD == $1 )); then mapfile -t COMPREPLY < <(compgen -c -- "$current")
  else compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); fi
}
complete -F _mzr mzr
`;

const zsh = String.raw`#compdef mzr
_mzr() {
  local line value
  local -a found given=("${'$'}{(@)words[1,CURRENT-1]}" "$PREFIX")
  [[ $PREFIX == --*=* ]] && compset -P '*='
  for line in "${'$'}{(@f)$(command mzr __complete zsh "${'$'}{(@)given}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) _files ;;
      :directories) _files -/ ;;
      :branches) found+=(${'$'}{(f)"$(${branches})"}) ;;
      ':command '*) shift ${'$'}{line#* } words; (( CURRENT -= ${'$'}{line#* } )); _normal; return ;;
      *$'\t'*) value=${'$'}{line%%$'\t'*}; found+=("${'$'}{value//:/\\:}:${'$'}{line#*$'\t'}") ;;
      *) found+=("${'$'}{line//:/\\:}") ;;
    esac
  done
  (( $#found )) && _describe mzr found
}
if [[ $funcstack[1] == _mzr ]]; then _mzr "$@"; elif (( $+functions[compdef] )); then compdef _mzr mzr; fi
`;

const fish = String.raw`function __mzr_complete
    set -l given (commandline -opc)
    set -l current (commandline -ct)
    for line in (command mzr __complete fish $given "$current" 2>/dev/null)
        switch $line
            case ':files' ':directories'
                set -l prefix (string match -r -- '^--[^=]*=' "$current")
                for path in (__fish_complete_path (string replace -- "$prefix" '' "$current"))
                    test $line = :files; or string match -q -r '/(\t|$)' -- $path; or continue
                    echo -- "$prefix$path"
                end
            case ':branches'
                ${branches}
            case ':command *'
                set -l start (math (string replace ':command ' '' -- $line) + 1)
                set -l rest
                test $start -le (count $given); and set rest (string escape -- $given[$start..-1])
                complete -C (string join ' ' -- $rest "$current")
            case '*'
                echo -- $line
        end
    end
end
complete -c mzr -e
complete -c mzr -f -a '(__mzr_complete)'
`;

/** The code that a shell evaluates to complete `mzr`; what it asks is `completion/complete.ts`. */
export function completionScript(shell: ShellName): string {
  return { bash, zsh, fish }[shell];
}
