# rig_add_middleware(NAME VARIANT): one static library that has the functions of rig_middleware.h.
# The bench's CMakeLists.txt adds include paths, warnings and the board's options to it. VARIANT is shm or network.
set(RIG_MW_MINE_DIR ${CMAKE_CURRENT_LIST_DIR})

function(rig_add_middleware name variant)
  add_library(${name} STATIC ${RIG_MW_MINE_DIR}/rig_mw_mine.c)
  if(variant STREQUAL "shm")
    target_compile_definitions(${name} PRIVATE MINE_SHM=1)
  else()
    target_compile_definitions(${name} PRIVATE MINE_SHM=0)
  endif()
endfunction()
