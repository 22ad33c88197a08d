# SPDX-FileCopyrightText: The Moescope authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# cmake -DBUILD=<build folder> -DWORK=<folder> -DMODEL=<file.gguf> -P installed.cmake
# Installs into an empty prefix, lets the desktop's own tools judge what stands there and runs the installed window.
cmake_minimum_required(VERSION 3.25)
set(id io.github.moescope.Moescope)

file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK} RESULT_VARIABLE code OUTPUT_QUIET)
if(NOT code EQUAL 0)
    message(FATAL_ERROR "cmake --install failed: ${code}")
endif()
set(desktop share/applications/${id}.desktop)
set(metainfo share/metainfo/${id}.metainfo.xml)
set(icon share/icons/hicolor/scalable/apps/${id}.svg)
foreach(file bin/moescope bin/moescope-cli ${desktop} ${metainfo} ${icon} share/mime/packages/${id}.xml
        share/man/man1/moescope-cli.1 share/bash-completion/completions/moescope-cli
        share/zsh/vendor-completions/_moescope-cli share/fish/vendor_completions.d/moescope-cli.fish
        share/moescope/taxonomy.json share/moescope/lexicon/wordnet.txt share/moescope/lexicon/LICENSE-WordNet.txt
        share/moescope/samples/native/model.safetensors share/moescope/samples/upcycled/model.safetensors
        share/moescope/samples/dense_parent/model.safetensors share/doc/moescope/LICENSE)
    if(NOT EXISTS ${WORK}/${file})
        message(FATAL_ERROR "${file} was not installed")
    endif()
endforeach()

function(must_pass)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
    if(NOT code EQUAL 0)
        message(FATAL_ERROR "${ARGN}: ${code}\n${out}")
    endif()
endfunction()
find_program(VALIDATE desktop-file-validate REQUIRED)
find_program(APPSTREAM appstreamcli REQUIRED)
find_program(MIME update-mime-database REQUIRED)
must_pass(${VALIDATE} ${WORK}/${desktop})
must_pass(${APPSTREAM} validate --no-net ${WORK}/${metainfo})
must_pass(${MIME} ${WORK}/share/mime)

# The desktop file, the metainfo and the types must speak of the same things.
file(STRINGS ${WORK}/${desktop} entry)
foreach(line "Exec=moescope %f" "Icon=${id}" "MimeType=application/x-gguf;application/x-safetensors;")
    if(NOT line IN_LIST entry)
        message(FATAL_ERROR "The desktop file lacks ${line}")
    endif()
endforeach()
file(READ ${WORK}/${metainfo} facts)
file(READ ${WORK}/share/mime/globs2 globs)
file(STRINGS ${WORK}/share/mime/magic magic)
foreach(type gguf safetensors)
    if(NOT facts MATCHES "<mediatype>application/x-${type}</mediatype>")
        message(FATAL_ERROR "The metainfo does not name application/x-${type}")
    endif()
    if(NOT globs MATCHES "application/x-${type}:\\*\\.${type}")
        message(FATAL_ERROR "*.${type} is not known as application/x-${type}:\n${globs}")
    endif()
endforeach()
if(NOT facts MATCHES "<launchable type=\"desktop-id\">${id}.desktop</launchable>")
    message(FATAL_ERROR "The metainfo does not launch ${id}.desktop")
endif()
if(NOT magic MATCHES "application/x-gguf")
    message(FATAL_ERROR "GGUF files are not known by their first bytes")
endif()

foreach(model native ${MODEL})
    must_pass(${CMAKE_COMMAND} -E env --unset=MOESCOPE_RESOURCES QT_QPA_PLATFORM=offscreen
        XDG_CONFIG_HOME=${WORK}/config XDG_DATA_HOME=${WORK}/data
        ${WORK}/bin/moescope ${model} --page explore --prompt "King is" --size 800x600
        --shot ${WORK}/window.png --report ${WORK}/window.json)
    file(SIZE ${WORK}/window.png size)
    file(READ ${WORK}/window.json report)
    string(JSON schema GET "${report}" schema)
    if(size LESS 10000 OR NOT schema MATCHES "^moescope/explore/")
        message(FATAL_ERROR "The installed window drew ${size} bytes of ${model} and reported ${schema}")
    endif()
    file(REMOVE ${WORK}/window.png ${WORK}/window.json)
endforeach()
