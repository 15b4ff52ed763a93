/* What the parts of this backend share. */
#ifndef RIG_MW_STATE_H
#define RIG_MW_STATE_H

#include <rcl/rcl.h>
#include <rclc/executor.h>
#include <rclc/rclc.h>
#include <rmw_microros/rmw_microros.h>
#include <rmw_microxrcedds_c/config.h>
#include <rosidl_typesupport_microxrcedds_c/message_type_support.h>
#include <rosidl_typesupport_microxrcedds_c/service_type_support.h>
#include <std_msgs/msg/byte_multi_array.h>

#include "rig_middleware.h"

/* A message with a sequence of bytes has its layout before them: two counts, and that of the bytes. */
#define CDR_BYTES 12u

#define RIG_MW_NAME_BYTES (RMW_UXRCE_TOPIC_NAME_MAX_LENGTH)
#define RIG_MW_TOPICS 32u
#define RIG_MW_GROUPS 16u
/* What a received message has room for in rmw. */
#define RIG_MW_MESSAGE_BYTES (RMW_UXRCE_MAX_INPUT_BUFFER_SIZE)

/* Samples of one reader that rmw keeps, and by which way each came, oldest first. */
typedef struct {
    uint8_t local[RMW_UXRCE_MAX_HISTORY];
    uint16_t count;
} rig_mw_ways_t;

typedef struct {
    bool used;
    uint16_t id;
    uint16_t parent;
    char name[RIG_MW_NAME_BYTES];
    char type_space[RMW_UXRCE_TYPE_NAME_MAX_LENGTH]; /* what stands before "::dds_::" */
    char type_name[RMW_UXRCE_TYPE_NAME_MAX_LENGTH];
    message_type_support_callbacks_t callbacks;
    rosidl_message_type_support_t type;
} rig_mw_topic_t;

/* A participant, publisher or subscriber: rcl makes its own with every writer and reader, so of these only is kept that
 * they are there, and in what. */
typedef struct {
    bool used;
    uint8_t kind;
    uint16_t id;
    uint16_t parent;
} rig_mw_group_t;

typedef struct {
    bool used;
    uint16_t id;
    uint16_t parent; /* the bench's publisher */
    rcl_publisher_t publisher;
    bool reliable;
    bool loaned;
    uint32_t loan_length;
} rig_mw_writer_t;

typedef struct {
    bool used;
    uint16_t id;
    uint16_t parent; /* the bench's subscriber */
    rcl_subscription_t subscription;
    uint16_t datareader; /* the number that rmw gave its data reader */
    uint16_t depth;      /* 0: all */
    rig_mw_ways_t ways;
} rig_mw_reader_t;

typedef struct {
    bool started;
    bool connected;
    bool muted; /* what is sent is thrown away */
    rig_mw_config_t config;
    rig_mw_transport_t link;
    rcl_allocator_t allocator;
    rclc_support_t support;
    rcl_init_options_t options;
    rcl_node_t node;
    rclc_executor_t executor;
    std_msgs__msg__ByteMultiArray message; /* what the executor fills: its bytes lie in `rig_mw_taken` */
    uint16_t datareaders; /* data readers that were ever made in this session: rmw numbers them so */
    rig_mw_group_t groups[RIG_MW_GROUPS];
    rig_mw_topic_t topics[RIG_MW_TOPICS];
    rig_mw_writer_t writers[RMW_UXRCE_MAX_PUBLISHERS];
    rig_mw_reader_t readers[RMW_UXRCE_MAX_SUBSCRIPTIONS];
    uint32_t heard_local; /* transport callbacks by shared memory, ever */
    rig_mw_statistics_t statistics;
} rig_mw_state_t;

extern rig_mw_state_t rig_mw;

/* The application's own messages: one that it writes for each publisher, and the one that its executor fills. */
extern uint8_t rig_mw_written[RMW_UXRCE_MAX_PUBLISHERS][RIG_MW_MESSAGE_BYTES];
extern uint8_t rig_mw_taken[RIG_MW_MESSAGE_BYTES];

/* RIG_MW_OK if functions that need a session may go on. */
int rig_mw_usable(uint8_t session);
/* rig_mw_link.c: the port's link as rmw's custom transport. */
bool rig_mw_link_start(void);
/* rig_mw_callbacks.c: what the executor calls; `context` is the reader. */
void rig_mw_on_taken(const void *message, void *context);
/* rig_mw_endpoints.c */
void rig_mw_endpoints_end(void);
bool rig_mw_name_type(rig_mw_topic_t *topic, const char *name);
/* rig_mw_services.c; `all`, or those of one participant. */
int rig_mw_service_create(const rig_mw_entity_t *entity);
int rig_mw_service_delete(uint8_t kind, uint16_t id);
void rig_mw_services_end(uint16_t participant, bool all);

#endif
