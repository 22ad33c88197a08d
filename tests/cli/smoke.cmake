# SPDX-FileCopyrightText: The Moescope authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# cmake -DCLI=<moescope-cli> -DFIXTURES=<tests/fixtures> -DWORK=<folder> -P smoke.cmake
# Runs every subcommand once without Qt: the test of the core-only build.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

# run(<expected exit code> <arguments...>) sets OUT and ERR.
function(run expected)
    execute_process(COMMAND ${CLI} ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
    if(NOT code EQUAL expected)
        message(FATAL_ERROR "moescope-cli ${ARGN}: exit code ${code}, expected ${expected}\n${err}")
    endif()
    if(NOT expected EQUAL 0 AND NOT err MATCHES "^moescope-cli: [^\n]+\n$")
        message(FATAL_ERROR "moescope-cli ${ARGN}: not one sentence on standard error: ${err}")
    endif()
    set(OUT "${out}" PARENT_SCOPE)
    set(ERR "${err}" PARENT_SCOPE)
endfunction()

# expect_json(<expected> <member...>): of the JSON in OUT.
function(expect_json expected)
    string(JSON value GET "${OUT}" ${ARGN})
    if(NOT value STREQUAL expected)
        message(FATAL_ERROR "${ARGN} is \"${value}\", expected \"${expected}\"")
    endif()
endfunction()

run(0 --version)
run(0 models --json -)
expect_json(native samples 0 id)

run(0 inspect native --json -)
expect_json(16 fields config router experts)

run(0 explore native --prompt "King is to queen as man is to woman" --json -)
expect_json(moescope/explore/1 schema)
string(JSON tokens LENGTH "${OUT}" fields tokens)
string(JSON rows LENGTH "${OUT}" fields w)
if(NOT tokens EQUAL rows OR tokens LESS 9)
    message(FATAL_ERROR "${tokens} tokens, but ${rows} rows of weights")
endif()

run(0 moe-type-analyze upcycled --json -)
expect_json(evidence fields verdict origin)
run(0 moe-type-analyze native --json -)
expect_json("no evidence found" fields verdict origin)

run(0 tokenize native --text "King is")
string(JSON decoded GET "${OUT}" decoded)
if(NOT decoded STREQUAL "King is")
    message(FATAL_ERROR "\"King is\" comes back as \"${decoded}\"")
endif()

foreach(family olmoe olmoe_f32 mixtral mixtral_f16 mixtral_sharded)
    file(READ ${FIXTURES}/families/${family}/expected.json reference)
    string(JSON prompt GET "${reference}" greedy prompt)
    string(JSON count LENGTH "${reference}" prompts)
    math(EXPR last "${count} - 1")
    foreach(i RANGE ${last})
        string(JSON name GET "${reference}" prompts ${i} name)
        if(name STREQUAL prompt)
            string(JSON ids GET "${reference}" prompts ${i} ids)
        endif()
    endforeach()
    string(REGEX REPLACE "[^0-9,]" "" ids "${ids}")
    string(JSON wanted GET "${reference}" greedy ids)
    string(REGEX REPLACE "[^0-9,]" "" wanted "${wanted}")
    run(0 generate ${FIXTURES}/families/${family} --ids ${ids} --max-tokens 16 --ignore-eos --json -)
    string(JSON got GET "${OUT}" ids)
    string(REGEX REPLACE "[^0-9,]" "" got "${got}")
    if(NOT got STREQUAL wanted)
        message(FATAL_ERROR "${family} continues with ${got} instead of ${wanted}")
    endif()
    run(0 trace ${FIXTURES}/families/${family} --ids ${ids} --out ${WORK}/${family}.safetensors)
    run(0 inspect ${WORK}/${family}.safetensors --tensors p0.topk_ids.0 --json -)
    expect_json(i32 fields tensors 0 dtype)
endforeach()

run(2)
run(2 explore native)
run(3 inspect ${WORK}/nowhere)
run(4 moe-type-analyze dense_parent)
run(5 explore native --prompt "King is" --memory 1k)
run(6 trace native --prompt "King is" --out ${WORK}/no/folder/t.safetensors)
message(STATUS "Every subcommand works.")
