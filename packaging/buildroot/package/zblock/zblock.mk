################################################################################
#
# zblock
#
################################################################################

# The tree that this external tree is part of.
ZBLOCK_SITE = $(BR2_EXTERNAL_ZBLOCK_PATH)/../..
ZBLOCK_SITE_METHOD = local
ZBLOCK_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude build
ZBLOCK_LICENSE = GPL-2.0
ZBLOCK_LICENSE_FILES = COPYING

define ZBLOCK_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_SWAP)
	$(call KCONFIG_ENABLE_OPT,CONFIG_MIGRATION)
	$(call KCONFIG_ENABLE_OPT,CONFIG_COMPACTION)
	$(call KCONFIG_ENABLE_OPT,CONFIG_CRYPTO)
	$(call KCONFIG_ENABLE_OPT,CONFIG_CRYPTO_LZ4)
	$(call KCONFIG_ENABLE_OPT,CONFIG_CRYPTO_ZSTD)
endef

define ZBLOCK_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(@D)/packaging/zblock-swap.init \
		$(TARGET_DIR)/etc/init.d/S05zblock-swap
endef

define ZBLOCK_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/packaging/zblock-swap.service \
		$(TARGET_DIR)/usr/lib/systemd/system/zblock-swap.service
endef

$(eval $(kernel-module))
$(eval $(generic-package))
