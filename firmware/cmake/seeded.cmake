# rig_seed_defect(NAME OUT): a copy of the sources below the build directory with defects/NAME.patch applied. Sets OUT to
# its root, which has bench/, middleware/, ports/ and xrce/ as firmware/ has.
#
# Every build directory has a copy of its own for each defect, so that builds do not disturb each other, and what is
# compiled has another path for each defect: no object of one can be taken for another's. A file that has not changed
# keeps its time. A patch must fit without any fuzz: one that does not belongs to older sources.
function(rig_seed_defect name out)
  set(patch ${CMAKE_CURRENT_SOURCE_DIR}/defects/${name}.patch)
  set(seeded ${CMAKE_CURRENT_BINARY_DIR}/seeded/${name})
  set(fresh ${seeded}.fresh)
  find_program(RIG_PATCH patch)
  if(NOT RIG_PATCH)
    message(FATAL_ERROR "RIG_DEFECT: '${name}' is a patch, and the tool `patch` is not on PATH. Install it "
      "(apt-get install patch), or run ./bootstrap")
  endif()
  file(REMOVE_RECURSE ${fresh})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}
    bench/* middleware/* ports/* xrce/*)
  foreach(source IN LISTS sources)
    get_filename_component(folder ${source} DIRECTORY)
    file(COPY ${CMAKE_CURRENT_SOURCE_DIR}/${source} DESTINATION ${fresh}/${folder})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patch})
  execute_process(
    COMMAND ${RIG_PATCH} --strip=2 --fuzz=0 --batch --forward --no-backup-if-mismatch --reject-file=- --input=${patch}
    WORKING_DIRECTORY ${fresh} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    file(REMOVE_RECURSE ${fresh})
    string(REGEX MATCHALL "patching file [^\n]+|Hunk [^\n]+|can't find [^\n]+" said "${said}")
    list(JOIN said "; " said)
    message(FATAL_ERROR "RIG_DEFECT: defects/${name}.patch does not fit these sources any more (${said}). "
      "Make it anew against firmware/ as it is now")
  endif()
  # What a folder lost must go here as well: globs of its own build would find it.
  file(GLOB_RECURSE old RELATIVE ${seeded} ${seeded}/*)
  file(GLOB_RECURSE new RELATIVE ${fresh} ${fresh}/*)
  list(REMOVE_ITEM old ${new})
  if(old)
    list(TRANSFORM old PREPEND ${seeded}/)
    file(REMOVE ${old})
  endif()
  foreach(source IN LISTS new)
    get_filename_component(folder ${seeded}/${source} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    file(COPY_FILE ${fresh}/${source} ${seeded}/${source} ONLY_IF_DIFFERENT)
  endforeach()
  file(REMOVE_RECURSE ${fresh})
  set(${out} ${seeded} PARENT_SCOPE)
endfunction()
