# XRCE_SOURCES: all sources of the client library, for builds that compile it into a target of their own.
set(XRCE_DIR ${CMAKE_CURRENT_LIST_DIR})
set(XRCE_SOURCES
  xrce_cdr.c
  xrce_client.c
  xrce_create.c
  xrce_data.c
  xrce_entity.c
  xrce_fragment.c
  xrce_framing.c
  xrce_info.c
  xrce_message.c
  xrce_name.c
  xrce_object.c
  xrce_receive.c
  xrce_service.c
  xrce_session.c
  xrce_shm_echo.c
  xrce_shm_keep.c
  xrce_shm_match.c
  xrce_shm_pool.c
  xrce_shm_queue.c
  xrce_stream_in.c
  xrce_stream_out.c
  xrce_time.c
  xrce_xml.c)
list(TRANSFORM XRCE_SOURCES PREPEND ${XRCE_DIR}/)
