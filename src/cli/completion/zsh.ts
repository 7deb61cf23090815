import { quote } from "./bash.ts";
import type { Flag, Node, Value } from "./tree.ts";

/** For `source`, and as a file `_keygrant` in a folder of `fpath`. */
export function zshScript(nodes: readonly Node[]): string {
  return `#compdef keygrant
# keygrant completion for zsh: source <(keygrant completion zsh)

# Whether a path of words, separated by spaces, is a command.
__keygrant_is() {
  case $1 in
${nodes
  .slice(1)
  .map(({ path }) => `    (${quote(path)}) return 0 ;;`)
  .join("\n")}
  esac
  return 1
}

# Whether an option of a command takes a value.
__keygrant_takes() {
  case "$1 $2" in
${flagCases(nodes, (flag) => (flag.value === null ? null : "return 0"))}
  esac
  return 1
}

# Offers what may follow an option.
__keygrant_values() {
  case "$1 $2" in
${flagCases(nodes, (flag) => (flag.value === null ? null : offer(flag.value)))}
  esac
}

# Offers what may stand in a command's first free place: commands below it and arguments.
__keygrant_words() {
  local -a list
  case $1 in
${nodes.map(wordsCase).join("\n")}
  esac
}

__keygrant_options() {
  local -a list
  case $1 in
${nodes.map(optionsCase).join("\n")}
  esac
  _describe -o 'option' list
}

# Names from the state of keygrant on this machine; nobody is asked over the network.
__keygrant_state() {
  local -a found
  found=("\${(@f)$(command keygrant __complete "$1" 2>/dev/null)}")
  compadd -- "\${(@)found:#}"
}

_keygrant() {
  local at=keygrant flag='' inside='' word
  local -i i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
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
    flag=\${PREFIX%%=*}
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

if [[ \${funcstack[1]} == _keygrant ]]; then
  _keygrant "$@"
else
  compdef _keygrant keygrant
fi
`;
}

function flagCases(nodes: readonly Node[], what: (flag: Flag) => string | null): string {
  return nodes
    .flatMap(({ path, flags }) =>
      flags.flatMap((flag) => {
        const text = what(flag);
        return text === null
          ? []
          : [`    (${flag.names.map((name) => quote(`${path} ${name}`)).join("|")}) ${text} ;;`];
      }),
    )
    .join("\n");
}

function wordsCase({ path, below, values }: Node): string {
  const own =
    below.length === 0
      ? []
      : [`list=(${below.map((one) => described(one.name, one.says)).join(" ")})`, "_describe 'command' list"];
  const listed = [...own, ...new Set(values.map(offer))].filter((one) => one !== null);
  return `    (${quote(path)}) ${listed.length === 0 ? ":" : listed.join("; ")} ;;`;
}

function optionsCase({ path, flags }: Node): string {
  const entries = flags.flatMap(({ names, says }) => names.map((name) => described(name, says)));
  return `    (${quote(path)}) list=(${entries.join(" ")}) ;;`;
}

/** `_describe` splits at the first colon that has no backslash before it. */
function described(name: string, says: string): string {
  return quote(`${name.replaceAll("\\", "\\\\").replaceAll(":", "\\:")}:${says}`);
}

/** Null where nothing can be offered. */
function offer(value: Value): string | null {
  switch (value.of) {
    case "words":
      return `compadd -- ${value.words.map(quote).join(" ")}`;
    case "state":
      return `__keygrant_state ${value.what}`;
    case "files":
      return "_files";
    case "anything":
      return null;
  }
}
