# SPDX-FileCopyrightText: The Moescope authors
# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for moescope-cli

_moescope_cli_models()
{
    local names
    names=$(moescope-cli models --json - 2>/dev/null | sed -n 's/^ *"\(id\|name\)": "\(.*\)",\{0,1\}$/\2/p')
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$1"; compgen -f -- "$1")
}

_moescope_cli()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=""
    local work="--help --threads --memory --resources --quiet" reports="--json --output --figure" options=""
    ((COMP_CWORD > 1)) && command=${COMP_WORDS[1]}
    case $command in
    explore) options="--model --prompt --ids --no-special --compare --layer --register $reports $work" ;;
    moe-type-analyze) options="--model --layer --layers --experts --projections --shares $reports $work" ;;
    inspect) options="--model --tensors --tensor --export $reports $work" ;;
    models) options="$reports $work" ;;
    trace) options="--model --prompt --ids --no-special --precision --prompts --out --output --json $work" ;;
    tokenize) options="--model --text --file --json --output $work" ;;
    generate) options="--model --prompt --ids --no-special --precision --max-tokens --temperature --seed --ignore-eos --json --output $work" ;;
    bench) options="--model --prompt-tokens --long-prompt-tokens --new-tokens --runs --matrices --precision --layers --type --folder $reports $work" ;;
    *)
        mapfile -t COMPREPLY < <(compgen -W "explore moe-type-analyze inspect models trace tokenize generate bench --help --version" -- "$current")
        return
        ;;
    esac
    case $previous in
    -m | --model)
        _moescope_cli_models "$current"
        return
        ;;
    --register)
        mapfile -t COMPREPLY < <(compgen -W "auto prose code" -- "$current")
        return
        ;;
    --precision)
        mapfile -t COMPREPLY < <(compgen -W "float32 bf16" -- "$current")
        return
        ;;
    --type)
        mapfile -t COMPREPLY < <(compgen -W "bf16 q8_0 q4_k mxfp4" -- "$current")
        return
        ;;
    --projections)
        mapfile -t COMPREPLY < <(compgen -W "gate up down" -- "$current")
        return
        ;;
    --folder)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --json | -o | --output | --out | --export | --file | --prompts | --resources)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif [[ $command != models ]]; then
        _moescope_cli_models "$current"
    fi
}

complete -F _moescope_cli moescope-cli
