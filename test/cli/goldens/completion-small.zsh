#compdef keygrant
# keygrant completion for zsh: source <(keygrant completion zsh)

# Whether a path of words, separated by spaces, is a command.
__keygrant_is() {
  case $1 in
    ('keygrant first') return 0 ;;
    ('keygrant first inner') return 0 ;;
    ('keygrant second') return 0 ;;
  esac
  return 1
}

# Whether an option of a command takes a value.
__keygrant_takes() {
  case "$1 $2" in
    ('keygrant first --output'|'keygrant first -o') return 0 ;;
    ('keygrant first --file'|'keygrant first -f') return 0 ;;
    ('keygrant first --project') return 0 ;;
  esac
  return 1
}

# Offers what may follow an option.
__keygrant_values() {
  case "$1 $2" in
    ('keygrant first --output'|'keygrant first -o') compadd -- 'text' 'it'\''s' ;;
    ('keygrant first --file'|'keygrant first -f') _files ;;
    ('keygrant first --project') __keygrant_state projects ;;
  esac
}

# Offers what may stand in a command's first free place: commands below it and arguments.
__keygrant_words() {
  local -a list
  case $1 in
    ('keygrant') list=('first:it'\''s `first`: $(touch /tmp/x) "and" \ more' 'second:'); _describe 'command' list ;;
    ('keygrant first') list=('inner:'); _describe 'command' list; __keygrant_state cmks ;;
    ('keygrant first inner') compadd -- 'INITIALIZING' 'VALID' 'INVALID' ;;
    ('keygrant second') compadd -- 'sh' '$(touch /tmp/x)' ;;
  esac
}

__keygrant_options() {
  local -a list
  case $1 in
    ('keygrant') list=('--version:output the version number' '-V:output the version number' '--help:display help for command' '-h:display help for command') ;;
    ('keygrant first') list=('--output:one: of two (choices: "text", "it'\''s")' '-o:one: of two (choices: "text", "it'\''s")' '--file:a file' '-f:a file' '--project:a project' '--switch:a switch; '\''quoted'\''' '--help:display help for command' '-h:display help for command') ;;
    ('keygrant first inner') list=('--help:display help for command' '-h:display help for command') ;;
    ('keygrant second') list=('--help:display help for command' '-h:display help for command') ;;
  esac
  _describe -o 'option' list
}

# Names from the state of keygrant on this machine; nobody is asked over the network.
__keygrant_state() {
  local -a found
  found=("${(@f)$(command keygrant __complete "$1" 2>/dev/null)}")
  compadd -- "${(@)found:#}"
}

_keygrant() {
  local at=keygrant flag='' inside='' word
  local -i i
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    if [[ -n $flag ]]; then
      flag=''
    elif [[ $word == -* ]]; then
      __keygrant_takes "$at" "$word" && flag=$word
    elif [[ -z $inside ]] && __keygrant_is "$at $word"; then
      at="$at $word"
    else
      inside=1
    fi
  done
  if [[ -z $flag && $PREFIX == --*=* ]]; then
    flag=${PREFIX%%=*}
    compset -P '*='
  fi
  if [[ -n $flag ]]; then
    __keygrant_values "$at" "$flag"
  elif [[ $PREFIX == -* ]]; then
    __keygrant_options "$at"
  else
    __keygrant_words "$at"
  fi
}

if [[ ${funcstack[1]} == _keygrant ]]; then
  _keygrant "$@"
else
  compdef _keygrant keygrant
fi
