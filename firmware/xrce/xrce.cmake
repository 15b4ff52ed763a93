# The sources of the client library, for builds that compile it into a target of their own: XRCE_SOURCES_shm and
# XRCE_SOURCES_network, by variant. An application has XRCE_INCLUDE_DIR in its include path, the library XRCE_DIR too.
# Folders are storeys; tests/firmware/test_firmware_storeys.py has their order.
set(XRCE_DIR ${CMAKE_CURRENT_LIST_DIR})
set(XRCE_INCLUDE_DIR ${XRCE_DIR}/include)
set(XRCE_SOURCES_BOTH
  wire/xrce_cdr.c
  wire/xrce_framing.c
  wire/xrce_message.c
  wire/xrce_xml.c
  entity/xrce_entity.c
  entity/xrce_name.c
  state/xrce_context.c
  stream/xrce_link.c
  stream/xrce_stream_in.c
  stream/xrce_stream_out.c
  session/xrce_create.c
  session/xrce_fragment.c
  session/xrce_info.c
  session/xrce_pump.c
  session/xrce_receive.c
  session/xrce_session.c
  session/xrce_time.c
  client/xrce_client.c
  client/xrce_loop.c
  client/xrce_object.c)
set(XRCE_SOURCES_shm
  ${XRCE_SOURCES_BOTH}
  shm/xrce_shm_deliver.c
  shm/xrce_shm_echo.c
  shm/xrce_shm_keep.c
  shm/xrce_shm_link.c
  shm/xrce_shm_match.c
  shm/xrce_shm_pool.c
  shm/xrce_shm_publish.c
  shm/xrce_shm_service.c)
set(XRCE_SOURCES_network
  ${XRCE_SOURCES_BOTH}
  network/xrce_network.c)
list(TRANSFORM XRCE_SOURCES_shm PREPEND ${XRCE_DIR}/)
list(TRANSFORM XRCE_SOURCES_network PREPEND ${XRCE_DIR}/)
