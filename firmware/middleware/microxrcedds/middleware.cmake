# rig_add_middleware(NAME VARIANT): the bench's interface over an installed eProsima Micro XRCE-DDS Client.
# Whether the Client has shared memory was decided when it was installed, so one build makes one variant:
#   cmake --preset mps2-an385 -DRIG_MIDDLEWARE=microxrcedds -DRIG_VARIANTS=shm -DCMAKE_PREFIX_PATH=<prefix>
set(RIG_MW_MICROXRCEDDS_DIR ${CMAKE_CURRENT_LIST_DIR})
set(RIG_MW_LONG "buffer_topic" CACHE STRING "The Client's function for messages over a slot: buffer_topic or fragmented")
if(NOT RIG_MW_LONG MATCHES "^(buffer_topic|fragmented)$")
  message(FATAL_ERROR "RIG_MW_LONG: '${RIG_MW_LONG}' is neither buffer_topic nor fragmented")
endif()
find_package(microxrcedds_client 3 QUIET)
if(NOT microxrcedds_client_FOUND)
  message(FATAL_ERROR "RIG_MIDDLEWARE=microxrcedds: no installed microxrcedds_client of version 3 is found for this "
    "board. Give -DCMAKE_PREFIX_PATH=<where it is installed>; docs/middleware.md says what it must be configured with")
endif()

# What the package was built with stands in its config.h alone.
get_target_property(RIG_MW_UXR_INCLUDE microxrcedds_client INTERFACE_INCLUDE_DIRECTORIES)
find_file(RIG_MW_UXR_CONFIG uxr/client/config.h PATHS ${RIG_MW_UXR_INCLUDE} NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH
  NO_CACHE REQUIRED)
file(STRINGS ${RIG_MW_UXR_CONFIG} RIG_MW_UXR_DEFINED REGEX "^#define (UCLIENT_|UXR_CONFIG_)")

function(rig_mw_client_needs macro option)
  if(NOT RIG_MW_UXR_DEFINED MATCHES "#define ${macro}[; ]|#define ${macro}$")
    message(FATAL_ERROR "the microxrcedds_client of ${RIG_MW_UXR_CONFIG} lacks ${macro}: install one that was "
      "configured with -D${option}=ON")
  endif()
endfunction()

rig_mw_client_needs(UCLIENT_PROFILE_CUSTOM_TRANSPORT UCLIENT_PROFILE_CUSTOM_TRANSPORT)
rig_mw_client_needs(UCLIENT_PROFILE_STREAM_FRAMING UCLIENT_PROFILE_STREAM_FRAMING)

function(rig_add_middleware name variant)
  if(variant STREQUAL "shm")
    rig_mw_client_needs(UCLIENT_PROFILE_SHARED_MEMORY UCLIENT_PROFILE_SHARED_MEMORY)
  elseif(RIG_MW_UXR_DEFINED MATCHES "#define UCLIENT_PROFILE_SHARED_MEMORY")
    message(FATAL_ERROR "the microxrcedds_client of ${RIG_MW_UXR_CONFIG} has shared memory: it makes the variant shm. "
      "Use -DRIG_VARIANTS=shm, or give another CMAKE_PREFIX_PATH for ${variant}")
  endif()
  set(sources rig_mw_microxrcedds.c rig_mw_messages.c rig_mw_memory.c rig_mw_link.c rig_mw_create.c rig_mw_services.c
    rig_mw_clock.c rig_mw_locks.c)
  list(TRANSFORM sources PREPEND ${RIG_MW_MICROXRCEDDS_DIR}/)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PRIVATE microxrcedds_client)
  if(RIG_MW_LONG STREQUAL "fragmented")
    target_compile_definitions(${name} PRIVATE RIG_MW_LONG_FRAGMENTED)
  endif()
  # Without an operating system the Client's locks are ours, by the names that it was compiled with.
  if(RIG_MW_UXR_DEFINED MATCHES "#define UCLIENT_PROFILE_MULTITHREAD" AND CMAKE_SYSTEM_NAME STREQUAL "Generic")
    target_compile_definitions(${name} PRIVATE PLATFORM_NAME_FREERTOS)
    target_include_directories(${name} PRIVATE ${RIG_MW_MICROXRCEDDS_DIR}/locks)
    target_link_options(${name} INTERFACE -Wl,--undefined=xSemaphoreTakeRecursive)
  endif()
  # The Client's archive comes after this one: its clock must be taken out of here before it is missed.
  target_link_options(${name} INTERFACE $<$<PLATFORM_ID:Generic>:-Wl,--undefined=clock_gettime>)
  if(RIG_PORT_SMALL)
    target_compile_definitions(${name} PRIVATE RIG_MW_MAX_IDS=128)
  endif()
endfunction()
