# rig_add_middleware(NAME VARIANT): the bench's interface over rclc, rcl and rmw, in a libmicroros.a as users have it.
# Whether the library has shared memory was decided when it was built, so one build makes one variant:
#   cmake --preset mps2-an385 -DRIG_MIDDLEWARE=rclc -DRIG_VARIANTS=shm -DMICROROS_LIB=<folder with libmicroros.a, include/>
# RIG_MW_CALLBACK says whose callback the bench gets: `user`, the executor's, or `transport`, that of rmw.
set(RIG_MW_RCLC_DIR ${CMAKE_CURRENT_LIST_DIR})
set(RIG_MW_CALLBACK "user" CACHE STRING "Whose callback the bench gets: user (the executor's) or transport (rmw's)")
if(NOT RIG_MW_CALLBACK MATCHES "^(user|transport)$")
  message(FATAL_ERROR "RIG_MW_CALLBACK: '${RIG_MW_CALLBACK}' is neither user nor transport")
endif()
if(NOT MICROROS_LIB OR NOT EXISTS ${MICROROS_LIB}/libmicroros.a)
  message(FATAL_ERROR "RIG_MIDDLEWARE=rclc: there is no ${MICROROS_LIB}/libmicroros.a. Give -DMICROROS_LIB=<folder that "
    "has libmicroros.a and include/>; docs/micro-ros.md says what it must be built with")
endif()

# What the library was built with stands in two generated headers.
file(GLOB RIG_MW_ROS_INCLUDE ${MICROROS_LIB}/include ${MICROROS_LIB}/include/*)
function(rig_mw_library_defines header result)
  find_file(found ${header} PATHS ${RIG_MW_ROS_INCLUDE} NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH NO_CACHE)
  if(NOT found)
    message(FATAL_ERROR "${MICROROS_LIB}/include has no ${header}: it is not the include/ of a libmicroros.a")
  endif()
  file(STRINGS ${found} lines REGEX "^[ ]*#define ")
  set(${result} ${lines} PARENT_SCOPE)
endfunction()
rig_mw_library_defines(uxr/client/config.h RIG_MW_CLIENT_DEFINES)
rig_mw_library_defines(rmw_microxrcedds_c/config.h RIG_MW_RMW_DEFINES)

function(rig_mw_library_needs lines macro option)
  if(NOT "${lines}" MATCHES "#define ${macro}[; ]|#define ${macro}$")
    message(FATAL_ERROR "the library of ${MICROROS_LIB} lacks ${macro}: use one whose colcon.meta has -D${option}")
  endif()
endfunction()
rig_mw_library_needs("${RIG_MW_CLIENT_DEFINES}" UCLIENT_PROFILE_CUSTOM_TRANSPORT UCLIENT_PROFILE_CUSTOM_TRANSPORT=ON)
rig_mw_library_needs("${RIG_MW_CLIENT_DEFINES}" UCLIENT_PROFILE_STREAM_FRAMING UCLIENT_PROFILE_STREAM_FRAMING=ON)
rig_mw_library_needs("${RIG_MW_RMW_DEFINES}" RMW_UXRCE_TRANSPORT_CUSTOM RMW_UXRCE_TRANSPORT=custom)
if("${RIG_MW_CLIENT_DEFINES}" MATCHES "#define UCLIENT_PROFILE_MULTITHREAD")
  message(FATAL_ERROR "the library of ${MICROROS_LIB} has UCLIENT_PROFILE_MULTITHREAD: its locks are an operating "
    "system's. Use one whose colcon.meta has -DUCLIENT_PROFILE_MULTITHREAD=OFF")
endif()

function(rig_add_middleware name variant)
  if(variant STREQUAL "shm")
    rig_mw_library_needs("${RIG_MW_CLIENT_DEFINES}" UCLIENT_PROFILE_SHARED_MEMORY UCLIENT_PROFILE_SHARED_MEMORY=ON)
  elseif("${RIG_MW_CLIENT_DEFINES}" MATCHES "#define UCLIENT_PROFILE_SHARED_MEMORY")
    message(FATAL_ERROR "the library of ${MICROROS_LIB} has UCLIENT_PROFILE_SHARED_MEMORY: it makes the variant shm. Use "
      "-DRIG_VARIANTS=shm, or for ${variant} one whose colcon.meta has -DUCLIENT_PROFILE_SHARED_MEMORY=OFF")
  endif()
  set(sources rig_mw_rclc.c rig_mw_endpoints.c rig_mw_callbacks.c rig_mw_link.c rig_mw_services.c rig_mw_system.c)
  list(TRANSFORM sources PREPEND ${RIG_MW_RCLC_DIR}/)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} SYSTEM PRIVATE ${RIG_MW_ROS_INCLUDE})
  # The board's own, for its clock.
  target_include_directories(${name} PRIVATE ${RIG_PORT_INCLUDES})
  # newlib declares the clock of POSIX only if it is told that there is one.
  target_compile_definitions(${name} PRIVATE $<$<PLATFORM_ID:Generic>:_POSIX_TIMERS=1;CLOCK_MONOTONIC=4>)
  if(RIG_MW_CALLBACK STREQUAL "transport")
    target_compile_definitions(${name} PRIVATE RIG_MW_CALLBACK_TRANSPORT)
  endif()
  target_link_options(${name} INTERFACE -Wl,--wrap=on_topic $<$<PLATFORM_ID:Generic>:-Wl,--undefined=clock_gettime>)
  target_link_libraries(${name} PRIVATE ${MICROROS_LIB}/libmicroros.a m)
endfunction()
