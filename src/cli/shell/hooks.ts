import type { ShellName } from './completions.js';

/**
 * The shells find out where they stand from /proc/self/mountinfo (proc_pid_mountinfo(5)): the source of a context's mount is
 * `mizer:<store>/<name>`, and of those that hold the current directory the innermost counts, the latest of several at one place. No
 * program is started for a prompt.
 */
const bash = String.raw`mzr() {
  if [[ ${'$'}{1-} != switch ]]; then command mzr "$@"; return; fi
  MIZER_HOOK=bash command mzr "$@" || return
  __mizer_follow
}
__mizer_follow() {
  local there=$PWD here=$PWD before=${'$'}{OLDPWD-}
  until builtin cd -- "$here" 2>/dev/null; do
    here=${'$'}{here%/*}
    here=${'$'}{here:-/}
  done
  OLDPWD=$before
  [[ $here == "$there" ]] || printf 'mzr: %s is not in this context; now in %s\n' "$there" "$here" >&2
}
__mizer_prompt() {
  local status=$? line point source here= name= longest=0
  local -a lines=()
  mapfile -t lines 2>/dev/null </proc/self/mountinfo
  for line in "${'$'}{lines[@]}"; do
    [[ $line == *' mizer:'* ]] || continue
    source=${'$'}{line##* - }
    source=${'$'}{source#* }
    source=${'$'}{source%% *}
    point=${'$'}{line#* * * * }
    point=${'$'}{point%% *}
    point=${'$'}{point//\\040/ }
    point=${'$'}{point//\\011/$'\t'}
    point=${'$'}{point//\\012/$'\n'}
    point=${'$'}{point//\\043/#}
    point=${'$'}{point//\\134/\\}
    here=${'$'}{here:-$(builtin pwd -P 2>/dev/null)}
    [[ $source == mizer:*/* && $here/ == "$point"/* ]] && (( ${'$'}{#point} >= longest )) || continue
    name=${'$'}{source##*/}
    longest=${'$'}{#point}
  done
  PS1=${'$'}{PS1#"${'$'}{__mizer_prefix-}"}
  __mizer_prefix=${'$'}{name:+"($name) "}
  PS1=$__mizer_prefix$PS1
  return "$status"
}
[[ "${'$'}{PROMPT_COMMAND[*]-}" == *__mizer_prompt* ]] || PROMPT_COMMAND=${'$'}{PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__mizer_prompt
`;

const zsh = String.raw`mzr() {
  if [[ ${'$'}{1-} != switch ]]; then command mzr "$@"; return; fi
  MIZER_HOOK=zsh command mzr "$@" || return
  __mizer_follow
}
__mizer_follow() {
  emulate -L zsh
  local there=$PWD here=$PWD before=$OLDPWD
  until builtin cd -q -- "$here" 2>/dev/null; do
    here=${'$'}{here%/*}
    here=${'$'}{here:-/}
  done
  builtin cd -q -- "$before" 2>/dev/null && builtin cd -q -- "$here"
  [[ $here == "$there" ]] || print -ru2 -- "mzr: $there is not in this context; now in $here"
}
__mizer_prompt() {
  emulate -L zsh
  local line point source here=${'$'}{PWD:A} name= longest=0
  for line in "${'$'}{(@f)$(</proc/self/mountinfo)}"; do
    [[ $line == *' mizer:'* ]] || continue
    source=${'$'}{${'$'}{line##* - }#* }
    source=${'$'}{source%% *}
    point=${'$'}{${'$'}{line#* * * * }%% *}
    point=${'$'}{point//'\040'/ }
    point=${'$'}{point//'\011'/$'\t'}
    point=${'$'}{point//'\012'/$'\n'}
    point=${'$'}{point//'\043'/#}
    point=${'$'}{point//'\134'/'\'}
    [[ $source == mizer:*/* && $here/ == "$point"/* ]] && (( $#point >= longest )) || continue
    name=${'$'}{source##*/}
    longest=$#point
  done
  PROMPT=${'$'}{PROMPT#"${'$'}{__mizer_prefix-}"}
  typeset -g __mizer_prefix=${'$'}{name:+"($name) "}
  PROMPT=$__mizer_prefix$PROMPT
}
autoload -Uz add-zsh-hook
add-zsh-hook precmd __mizer_prompt
`;

const fish = String.raw`function mzr
    if test (count $argv) -eq 0; or test "$argv[1]" != switch
        command mzr $argv
        return
    end
    MIZER_HOOK=fish command mzr $argv
    or return
    set -l here $PWD
    set -l there $PWD
    while not builtin cd "$here" 2>/dev/null
        set here (string replace -r '/[^/]*$' '' -- "$here")
        test -n "$here"; or set here /
    end
    test "$here" = "$there"; or echo "mzr: $there is not in this context; now in $here" >&2
end
function __mizer_context
    set -l here (builtin pwd -P 2>/dev/null)/
    set -l longest 0
    set -l name
    while read -l line
        string match -q '* mizer:*' -- $line; or continue
        set -l fields (string split ' ' -- $line)
        set -l point (string replace -a '\\040' ' ' -- $fields[5] | string replace -a '\\043' '#' | string replace -a '\\134' '\\')
        set -l source (string split ' ' -- (string replace -r '^.* - ' '' -- $line))[2]
        string match -q 'mizer:*/*' -- $source; or continue
        test (string sub -l (math (string length -- "$point") + 1) -- "$here") = "$point/"; or continue
        test (string length -- "$point") -ge $longest; or continue
        set name (string replace -r '^.*/' '' -- $source)
        set longest (string length -- "$point")
    end </proc/self/mountinfo
    test -n "$name"; and echo "($name) "
end
function __mizer_status
    return $argv[1]
end
functions -q __mizer_inner_prompt; or functions --copy fish_prompt __mizer_inner_prompt
function fish_prompt
    set -l before $status
    echo -n (__mizer_context)
    __mizer_status $before
    __mizer_inner_prompt
end
`;

/** The code that a shell evaluates: `mzr switch` takes the shell along, and the prompt begins with the context's name. */
export function hookScript(shell: ShellName): string {
  return { bash, zsh, fish }[shell];
}
