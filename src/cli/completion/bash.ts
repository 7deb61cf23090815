import type { Flag, Node, Value } from "./tree.ts";

/** As one word of a POSIX shell, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Works in bash 3.2 (macOS) and later, without bash-completion. */
export function bashScript(nodes: readonly Node[]): string {
  return `# keygrant completion for bash: source <(keygrant completion bash)

# Whether a path of words, separated by spaces, is a command.
__keygrant_is() {
  case $1 in
${nodes
  .slice(1)
  .map(({ path }) => `    ${quote(path)}) return 0 ;;`)
  .join("\n")}
  esac
  return 1
}

# Whether an option of a command takes a value.
__keygrant_takes() {
  case "$1 $2" in
${cases(nodes, (flag) => (flag.value === null ? null : "return 0"))}
  esac
  return 1
}

# What may follow an option: a line for each.
__keygrant_values() {
  case "$1 $2" in
${cases(nodes, (flag) => (flag.value === null ? null : listing(flag.value)))}
  esac
}

# Whether that is a file; of no option: an argument.
__keygrant_files() {
  case "$1 $2" in
${cases(nodes, (flag) => (flag.value?.of === "files" ? "return 0" : null))}
${argumentCases(nodes, (value) => (value.of === "files" ? "return 0" : null))}
  esac
  return 1
}

# What may stand in a command's first free place: commands below it and arguments.
__keygrant_words() {
  case $1 in
${nodes.map(wordsCase).join("\n")}
  esac
}

__keygrant_options() {
  case $1 in
${nodes.map(({ path, flags }) => `    ${quote(path)}) ${lines(flags.flatMap(({ names }) => names))} ;;`).join("\n")}
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
  local cur=\${COMP_WORDS[COMP_CWORD]} at=keygrant flag='' inside='' word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
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
`;
}

function cases(nodes: readonly Node[], what: (flag: Flag) => string | null): string {
  return nodes
    .flatMap(({ path, flags }) => byText(flags, what).map(([text, names]) => caseOf(path, names, text)))
    .join("\n");
}

/** Options of one command for which the same is to be done stand in one line. */
function byText(
  flags: readonly Flag[],
  what: (flag: Flag) => string | null,
): readonly (readonly [string, readonly string[]])[] {
  const groups = new Map<string, string[]>();
  for (const flag of flags) {
    const text = what(flag);
    if (text !== null) groups.set(text, [...(groups.get(text) ?? []), ...flag.names]);
  }
  return [...groups];
}

function caseOf(path: string, names: readonly string[], text: string): string {
  return `    ${names.map((name) => quote(`${path} ${name}`)).join(" | ")}) ${text} ;;`;
}

function argumentCases(nodes: readonly Node[], what: (value: Value) => string | null): string {
  return nodes
    .flatMap(({ path, values }) => {
      const text = values.map(what).find((one) => one !== null);
      return text === undefined || text === null ? [] : [`    ${quote(`${path} `)}) ${text} ;;`];
    })
    .join("\n");
}

function wordsCase({ path, below, values }: Node): string {
  const own = below.length === 0 ? [] : [lines(below.map(({ name }) => name))];
  const listed = [...own, ...new Set(values.map(listing))].filter((one) => one !== null);
  return `    ${quote(path)}) ${listed.length === 0 ? ":" : listed.join("; ")} ;;`;
}

/** Null where nothing can be offered, or files are, elsewhere. */
function listing(value: Value): string | null {
  switch (value.of) {
    case "words":
      return lines(value.words);
    case "state":
      return `__keygrant_state ${value.what}`;
    case "files":
    case "anything":
      return null;
  }
}

function lines(words: readonly string[]): string {
  return `printf '%s\\n' ${words.map(quote).join(" ")}`;
}
