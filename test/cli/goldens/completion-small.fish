# keygrant completion for fish: keygrant completion fish | source

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
            if contains -- "$at $word" 'keygrant first --output' 'keygrant first -o' 'keygrant first --file' 'keygrant first -f' 'keygrant first --project'
                set flag $word
            end
        else if test -z "$inside"; and contains -- "$at $word" 'keygrant first' 'keygrant first inner' 'keygrant second'
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
complete -c keygrant -n '__keygrant_at \'keygrant\'' -a 'first' -d 'it\'s `first`: $(touch /tmp/x) "and" \\ more'
complete -c keygrant -n '__keygrant_at \'keygrant\'' -a 'second' -d ''
complete -c keygrant -n '__keygrant_at \'keygrant\'' -l version -s V -d 'output the version number'
complete -c keygrant -n '__keygrant_at \'keygrant\'' -l help -s h -d 'display help for command'
complete -c keygrant -n '__keygrant_at \'keygrant first\'' -a 'inner' -d ''
complete -c keygrant -n '__keygrant_at \'keygrant first\'' -a '(__keygrant_state cmks)'
complete -c keygrant -n '__keygrant_at \'keygrant first\'' -l output -s o -d 'one: of two (choices: "text", "it\'s")' -x -a 'text \'it\\\'s\''
complete -c keygrant -n '__keygrant_at \'keygrant first\'' -l file -s f -d 'a file' -r -F
complete -c keygrant -n '__keygrant_at \'keygrant first\'' -l project -d 'a project' -x -a '(__keygrant_state projects)'
complete -c keygrant -n '__keygrant_at \'keygrant first\'' -l switch -d 'a switch; \'quoted\''
complete -c keygrant -n '__keygrant_at \'keygrant first\'' -l help -s h -d 'display help for command'
complete -c keygrant -n '__keygrant_at \'keygrant first inner\'' -a 'INITIALIZING VALID INVALID'
complete -c keygrant -n '__keygrant_at \'keygrant first inner\'' -l help -s h -d 'display help for command'
complete -c keygrant -n '__keygrant_at \'keygrant second\'' -a 'sh \'$(touch /tmp/x)\''
complete -c keygrant -n '__keygrant_at \'keygrant second\'' -l help -s h -d 'display help for command'
