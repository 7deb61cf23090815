# keygrant completion for bash: source <(keygrant completion bash)

# Whether a path of words, separated by spaces, is a command.
__keygrant_is() {
  case $1 in
    'keygrant first') return 0 ;;
    'keygrant first inner') return 0 ;;
    'keygrant second') return 0 ;;
  esac
  return 1
}

# Whether an option of a command takes a value.
__keygrant_takes() {
  case "$1 $2" in
    'keygrant first --output' | 'keygrant first -o' | 'keygrant first --file' | 'keygrant first -f' | 'keygrant first --project') return 0 ;;
  esac
  return 1
}

# What may follow an option: a line for each.
__keygrant_values() {
  case "$1 $2" in
    'keygrant first --output' | 'keygrant first -o') printf '%s\n' 'text' 'it'\''s' ;;
    'keygrant first --project') __keygrant_state projects ;;
  esac
}

# Whether that is a file; of no option: an argument.
__keygrant_files() {
  case "$1 $2" in
    'keygrant first --file' | 'keygrant first -f') return 0 ;;

  esac
  return 1
}

# What may stand in a command's first free place: commands below it and arguments.
__keygrant_words() {
  case $1 in
    'keygrant') printf '%s\n' 'first' 'second' ;;
    'keygrant first') printf '%s\n' 'inner'; __keygrant_state cmks ;;
    'keygrant first inner') printf '%s\n' 'INITIALIZING' 'VALID' 'INVALID' ;;
    'keygrant second') printf '%s\n' 'sh' '$(touch /tmp/x)' ;;
  esac
}

__keygrant_options() {
  case $1 in
    'keygrant') printf '%s\n' '--version' '-V' '--help' '-h' ;;
    'keygrant first') printf '%s\n' '--output' '-o' '--file' '-f' '--project' '--switch' '--help' '-h' ;;
    'keygrant first inner') printf '%s\n' '--help' '-h' ;;
    'keygrant second') printf '%s\n' '--help' '-h' ;;
  esac
}

# Names from the state of keygrant on this machine; nobody is asked over the network.
__keygrant_state() {
  command keygrant __complete "$1" 2>/dev/null
}

# Offers the lines on stdin that begin with a text. They are words and never code: nothing expands them.
__keygrant_offer() {
  local one
  while IFS= read -r one; do
    [[ $one == "$1"* ]] && COMPREPLY+=("$(printf '%q' "$one")")
  done
}

__keygrant_offer_files() {
  local one
  compopt -o filenames 2>/dev/null
  while IFS= read -r one; do
    COMPREPLY+=("$one")
  done < <(compgen -f -- "$1")
}

_keygrant() {
  local cur=${COMP_WORDS[COMP_CWORD]} at=keygrant flag='' inside='' word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [[ $word == '=' ]] && continue
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
  [[ $cur == '=' ]] && cur=''
  if [[ -n $flag || $cur != -* ]] && __keygrant_files "$at" "$flag"; then
    __keygrant_offer_files "$cur"
  elif [[ -n $flag ]]; then
    __keygrant_offer "$cur" < <(__keygrant_values "$at" "$flag")
  elif [[ $cur == -* ]]; then
    __keygrant_offer "$cur" < <(__keygrant_options "$at")
  else
    __keygrant_offer "$cur" < <(__keygrant_words "$at")
  fi
  return 0
}

complete -F _keygrant keygrant
