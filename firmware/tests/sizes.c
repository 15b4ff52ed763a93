/* Never run: tests/firmware reads the sizes of these arrays from the object file, as the board's compiler sees them. */
#include "xrce_client.h"

extern const char size_client[sizeof(xrce_client_t)];
extern const char size_session[sizeof(xrce_session_t)];
extern const char size_entity[sizeof(xrce_entity_t)];
extern const char size_name[sizeof(xrce_name_t)];
const char size_client[sizeof(xrce_client_t)] = {0};
const char size_session[sizeof(xrce_session_t)] = {0};
const char size_entity[sizeof(xrce_entity_t)] = {0};
const char size_name[sizeof(xrce_name_t)] = {0};
#if XRCE_SHM
extern const char size_pair[sizeof(xrce_edge_t)];
extern const char size_buffer[sizeof(xrce_buffer_t)];
const char size_pair[sizeof(xrce_edge_t)] = {0};
const char size_buffer[sizeof(xrce_buffer_t)] = {0};
#endif
