import type { Flag, Node, Value } from "./tree.ts";

/** As one word of fish: in single quotes only the quote and the backslash mean something. */
function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** For `source`, and as a file in `~/.config/fish/completions`. */
export function fishScript(nodes: readonly Node[]): string {
  const takes = nodes.flatMap(({ path, flags }) =>
    flags.filter(({ value }) => value !== null).flatMap(({ names }) => names.map((name) => quote(`${path} ${name}`))),
  );
  return `# keygrant completion for fish: keygrant completion fish | source

# Whether the words before the cursor come to this command.
function __keygrant_at
    set -l at keygrant
    set -l flag ''
    set -l inside ''
    set -l given (commandline -opc)
    for word in $given[2..-1]
        if test -n "$flag"
            set flag ''
        else if string match -q -- '-*' $word
            if contains -- "$at $word" ${takes.join(" ")}
                set flag $word
            end
        else if test -z "$inside"; and contains -- "$at $word" ${nodes
          .slice(1)
          .map(({ path }) => quote(path))
          .join(" ")}
            set at "$at $word"
        else
            set inside 1
        end
    end
    test "$at" = "$argv[1]"
end

# Names from the state of keygrant on this machine; nobody is asked over the network.
function __keygrant_state
    command keygrant __complete $argv[1] 2>/dev/null
end

complete -c keygrant -f
${nodes.flatMap(commandLines).join("\n")}
`;
}

function commandLines(node: Node): readonly string[] {
  const here = `complete -c keygrant -n ${quote(`__keygrant_at ${quote(node.path)}`)}`;
  return [
    ...node.below.map(({ name, says }) => `${here} -a ${quote(name)} -d ${quote(says)}`),
    ...[...new Set(node.values.map(argumentOf))].flatMap((text) => (text === "" ? [] : [`${here} ${text}`])),
    ...node.flags.map((flag) => `${here} ${namesOf(flag)} -d ${quote(flag.says)}${followedBy(flag)}`),
  ];
}

/** What follows `-a` is read once more when it is offered: `$(…)` and `*` would mean something then. */
function evaluated(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : quote(word);
}

function namesOf({ names }: Flag): string {
  return names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(" ");
}

function followedBy({ value }: Flag): string {
  if (value === null) return "";
  const text = argumentOf(value);
  return value.of === "files" ? " -r -F" : ` -x${text === "" ? "" : ` ${text}`}`;
}

function argumentOf(value: Value): string {
  switch (value.of) {
    case "words":
      return `-a ${quote(value.words.map(evaluated).join(" "))}`;
    case "state":
      return `-a ${quote(`(__keygrant_state ${value.what})`)}`;
    case "files":
      return "-F";
    case "anything":
      return "";
  }
}
