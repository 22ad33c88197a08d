# SPDX-FileCopyrightText: The Moescope authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# cmake -DBUILD=<build folder> -DWORK=<folder> -P install.cmake
# Installs into an empty prefix and runs the installed program, which must find the installed samples.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK} RESULT_VARIABLE code OUTPUT_QUIET)
if(NOT code EQUAL 0)
    message(FATAL_ERROR "cmake --install failed: ${code}")
endif()
foreach(file bin/moescope-cli share/man/man1/moescope-cli.1 share/bash-completion/completions/moescope-cli
        share/moescope/samples/native/model.safetensors)
    if(NOT EXISTS ${WORK}/${file})
        message(FATAL_ERROR "${file} was not installed")
    endif()
endforeach()
execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=MOESCOPE_RESOURCES
    ${WORK}/bin/moescope-cli explore native --prompt "King is" --json - RESULT_VARIABLE code OUTPUT_VARIABLE out)
if(NOT code EQUAL 0)
    message(FATAL_ERROR "The installed program ended with ${code}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=MOESCOPE_RESOURCES ${WORK}/bin/moescope-cli models --json -
    OUTPUT_VARIABLE out)
string(JSON folder GET "${out}" samples 0 folder)
file(REAL_PATH ${folder} folder)
file(REAL_PATH ${WORK} prefix)
if(NOT folder STREQUAL "${prefix}/share/moescope/samples/native")
    message(FATAL_ERROR "The sample was found in ${folder}")
endif()
