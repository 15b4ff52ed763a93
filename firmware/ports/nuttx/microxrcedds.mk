# An installed eProsima Micro XRCE-DDS Client, at RIG_CLIENT, built for this board with NuttX's headers; whether it has
# shared memory was decided when it was installed. docs/nuttx.md has what it must be built with.
ifeq ($(wildcard $(RIG_CLIENT)/include/uxr/client/config.h),)
$(error RIG_MIDDLEWARE=microxrcedds: no installed Client at RIG_CLIENT='$(RIG_CLIENT)')
endif
RIG_CLIENT_SHM := $(shell grep -c '^.define UCLIENT_PROFILE_SHARED_MEMORY' $(RIG_CLIENT)/include/uxr/client/config.h)
ifneq ($(RIG_CLIENT_SHM),$(RIG_SHM))
$(error RIG_VARIANT=$(RIG_VARIANT): the Client at $(RIG_CLIENT) was installed $(if $(filter 0,$(RIG_CLIENT_SHM)),without,with) shared memory; name the other one)
endif

RIG_MW_SOURCES  := $(wildcard $(RIG_ROOT)/middleware/microxrcedds/*.c)
# The Client's clock is the port's; NuttX's own stays NuttX's.
RIG_MW_FLAGS    := -I$(RIG_CLIENT)/include -Dclock_gettime=__wrap_clock_gettime
RIG_MW_ARCHIVES := $(RIG_CLIENT)/lib/libmicroxrcedds_client.a $(RIG_CLIENT)/lib/libmicrocdr.a
RIG_WRAPPED     += clock_gettime
