# rig_add_middleware(NAME VARIANT): the reference backend and client in one static library; VARIANT shm or network.
# A port may set the sizes below before this file is included; so may the command line (-D).
include(${CMAKE_CURRENT_LIST_DIR}/../../xrce/xrce.cmake)
set(RIG_MW_REFERENCE_DIR ${CMAKE_CURRENT_LIST_DIR})

set(RIG_MW_SIZES
  RIG_MW_MAX_SESSIONS   # sessions of one MCU
  RIG_MW_MAX_ENTITIES   # over all sessions, below 255
  RIG_MW_MAX_PAIRS      # local writer/reader pairs that match
  RIG_MW_MAX_NAMES      # different names of topics and participants
  RIG_MW_NAME_BYTES)    # room for the texts of those names

# Parts with 16 to 32 KB of RAM: smaller tables, unless the port chose its own.
if(RIG_PORT_SMALL)
  foreach(size "RIG_MW_MAX_ENTITIES=24" "RIG_MW_MAX_PAIRS=24" "RIG_MW_MAX_NAMES=8" "RIG_MW_NAME_BYTES=256")
    string(REPLACE "=" ";" size ${size})
    list(GET size 0 name)
    if(NOT DEFINED ${name})
      list(GET size 1 ${name})
    endif()
  endforeach()
endif()

function(rig_add_middleware name variant)
  add_library(${name} STATIC ${RIG_MW_REFERENCE_DIR}/rig_mw_reference.c ${XRCE_SOURCES_${variant}})
  target_include_directories(${name} PRIVATE
    ${XRCE_DIR} ${XRCE_INCLUDE_DIR} ${RIG_MW_REFERENCE_DIR}/.. ${RIG_MW_REFERENCE_DIR}/../../ports)
  # Payload bytes that the framing moves by a loop are counted beside those of memcpy.
  target_compile_options(${name} PRIVATE -include ${RIG_MW_REFERENCE_DIR}/../../bench/bench_copy_hook.h)
  if(variant STREQUAL "shm")
    target_compile_definitions(${name} PRIVATE XRCE_SHM=1)
  else()
    target_compile_definitions(${name} PRIVATE XRCE_SHM=0)
  endif()
  foreach(size IN LISTS RIG_MW_SIZES)
    if(DEFINED ${size})
      target_compile_definitions(${name} PRIVATE ${size}=${${size}})
    endif()
  endforeach()
endfunction()
