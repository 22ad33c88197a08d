# SPDX-FileCopyrightText: The Moescope authors
# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for moescope-cli

function __moescope_cli_models
    moescope-cli models --json - 2>/dev/null | sed -n 's/^ *"\(id\|name\)": "\(.*\)",\{0,1\}$/\2/p'
end

function __moescope_cli_for
    for command in $argv
        __fish_seen_subcommand_from $command; and return 0
    end
    return 1
end

set -l commands explore moe-type-analyze inspect models trace tokenize generate bench
set -l none "not __fish_seen_subcommand_from $commands"
set -l reports "__moescope_cli_for explore moe-type-analyze inspect models bench"
set -l outputs "__moescope_cli_for explore moe-type-analyze inspect models trace tokenize generate bench"

complete -c moescope-cli -n $none -f -a explore -d "Show where every token of a prompt goes"
complete -c moescope-cli -n $none -f -a moe-type-analyze -d "Compare the weights of the experts"
complete -c moescope-cli -n $none -f -a inspect -d "Show facts, router rule and tensors"
complete -c moescope-cli -n $none -f -a models -d "List the models that can be opened by name"
complete -c moescope-cli -n $none -f -a trace -d "Write every number of the forward pass"
complete -c moescope-cli -n $none -f -a tokenize -d "Print texts as token ids"
complete -c moescope-cli -n $none -f -a generate -d "Continue a prompt"
complete -c moescope-cli -n $none -f -a bench -d "Measure speed in units of what this machine can do"
complete -c moescope-cli -n $none -f -l version -d "Print the version"
complete -c moescope-cli -f -s h -l help -d "Explain the program or a command"

complete -c moescope-cli -n "__fish_seen_subcommand_from $commands" -x -l threads -d "Threads to use"
complete -c moescope-cli -n "__fish_seen_subcommand_from $commands" -x -l memory -d "Most memory to use"
complete -c moescope-cli -n "__fish_seen_subcommand_from $commands" -r -l resources -d "Folder of samples and lexicon"
complete -c moescope-cli -n "__fish_seen_subcommand_from $commands" -f -s q -l quiet -d "Show no progress"
complete -c moescope-cli -n "__fish_seen_subcommand_from $commands" -r -l json -d "Write JSON"
complete -c moescope-cli -n $outputs -r -s o -l output -d "Where the result goes"
complete -c moescope-cli -n $reports -x -l figure -d "Only this figure"

complete -c moescope-cli -n "__moescope_cli_for explore moe-type-analyze inspect trace tokenize generate bench" -a "(__moescope_cli_models)"
complete -c moescope-cli -n "__moescope_cli_for explore moe-type-analyze inspect trace tokenize generate bench" -r -s m -l model -a "(__moescope_cli_models)" -d "The model"
complete -c moescope-cli -n "__moescope_cli_for explore trace generate" -x -s p -l prompt -d "The text to begin with"
complete -c moescope-cli -n "__moescope_cli_for explore trace generate" -x -l ids -d "Token ids"
complete -c moescope-cli -n "__moescope_cli_for explore trace generate" -f -l no-special -d "Add no BOS and the like"
complete -c moescope-cli -n "__moescope_cli_for explore" -x -s c -l compare -d "A second text"
complete -c moescope-cli -n "__moescope_cli_for explore moe-type-analyze" -x -s l -l layer -d "Block number"
complete -c moescope-cli -n "__moescope_cli_for explore" -x -l register -a "auto prose code" -d "How words are typed"
complete -c moescope-cli -n "__moescope_cli_for moe-type-analyze" -x -l layers -a all -d "Several layers"
complete -c moescope-cli -n "__moescope_cli_for moe-type-analyze" -x -l experts -a all -d "The first N experts"
complete -c moescope-cli -n "__moescope_cli_for moe-type-analyze" -x -l projections -a "gate up down" -d "Projections"
complete -c moescope-cli -n "__moescope_cli_for moe-type-analyze" -x -l shares -d "Energy shares"
complete -c moescope-cli -n "__moescope_cli_for inspect" -x -l tensors -l tensor -d "Names that match"
complete -c moescope-cli -n "__moescope_cli_for inspect" -r -l export -d "Write the tensors as float32"
complete -c moescope-cli -n "__moescope_cli_for trace" -r -l prompts -d "One prompt a line"
complete -c moescope-cli -n "__moescope_cli_for trace" -r -l out -d "File to write"
complete -c moescope-cli -n "__moescope_cli_for tokenize" -x -l text -d "One text"
complete -c moescope-cli -n "__moescope_cli_for tokenize" -r -l file -d "One text a line"
complete -c moescope-cli -n "__moescope_cli_for generate" -x -s n -l max-tokens -d "Most tokens to add"
complete -c moescope-cli -n "__moescope_cli_for generate" -x -l temperature -d "0 takes the most likely token"
complete -c moescope-cli -n "__moescope_cli_for generate" -x -l seed -d "Of the draws"
complete -c moescope-cli -n "__moescope_cli_for generate" -f -l ignore-eos -d "Go on after an end token"
complete -c moescope-cli -n "__moescope_cli_for trace generate bench" -x -l precision -a "float32 bf16" -d "Products of a prompt"
complete -c moescope-cli -n "__moescope_cli_for bench" -x -l prompt-tokens -d "Length of the prompt"
complete -c moescope-cli -n "__moescope_cli_for bench" -x -l long-prompt-tokens -d "Length of the long prompt"
complete -c moescope-cli -n "__moescope_cli_for bench" -x -l new-tokens -d "Tokens to generate"
complete -c moescope-cli -n "__moescope_cli_for bench" -x -l runs -d "Runs after the first"
complete -c moescope-cli -n "__moescope_cli_for bench" -x -l matrices -d "Spectra to time"
complete -c moescope-cli -n "__moescope_cli_for bench" -x -l layers -d "Layers of the synthetic model"
complete -c moescope-cli -n "__moescope_cli_for bench" -x -l type -a "bf16 q8_0 q4_k mxfp4" -d "Weights of the synthetic model"
complete -c moescope-cli -n "__moescope_cli_for bench" -r -l folder -d "Where it is written"
