include $(sort $(wildcard $(BR2_EXTERNAL_ZBLOCK_PATH)/package/*/*.mk))
