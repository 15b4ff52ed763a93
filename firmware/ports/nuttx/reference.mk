# The reference Client, compiled in.
RIG_MW_SOURCES := $(RIG_ROOT)/middleware/reference/rig_mw_reference.c \
                  $(foreach folder,wire entity state stream session client $(RIG_LAYER),$(wildcard $(RIG_ROOT)/xrce/$(folder)/*.c))
RIG_MW_FLAGS   := -DXRCE_SHM=$(RIG_SHM) -I$(RIG_ROOT)/xrce -I$(RIG_ROOT)/xrce/include \
                  -include $(RIG_ROOT)/bench/bench_copy_hook.h
