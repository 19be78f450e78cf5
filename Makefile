# SPDX-License-Identifier: GPL-2.0-only
#
# make                     both modules for the running kernel, into build/
# make KDIR=DIR ARCH=… CROSS_COMPILE=…   the same for another kernel
# make ZBLOCK_CODECS="lz4 zstd"          with these algorithms only
# make ZSPOOL_DEBUGFS=n ZSPOOL_SMALL=y ZSPOOL_PLAIN=n ZSPOOL_PAGE_CACHE=n
#                                        the allocator without these, and for size
# make ZBLOCK_LARGE=n ZBLOCK_CHECKSUM=n ZBLOCK_RECOMPRESS=n ZBLOCK_WRITEBACK=n
#                                        without these parts: see docs/embedded.md
# make demo test test-kernels test-boards proofs soak kcsan coverage bench lint footprint install uninstall
#      deb clean distclean-lab: see README.md

VERSION := 0.1.0

KDIR  ?= /lib/modules/$(shell uname -r)/build
# How to call kbuild; the laboratory passes what tests/lab/kdir prints.
KARGS ?= -C $(KDIR)
# Where the sources are copied and built, one folder for each kernel.
B     ?= build/modules
TOP   := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
OUT   := $(abspath $(B))

SOURCES := Kbuild compat include zspool zblock
ifneq ($(TESTS),)
SOURCES += tests/Kbuild.tests tests/kunit tests/kmod bench
endif

.PHONY: all modules demo test test-kernels proofs soak kcsan coverage bench lint test-boards footprint install uninstall deb clean distclean-lab help

all: modules

modules:
	@$(TOP)/compat/check-kdir $(KARGS)
	@$(TOP)/compat/copy-sources $(TOP) $(OUT) $(SOURCES)
	$(MAKE) $(KARGS) M=$(OUT) $(if $(ARCH),ARCH=$(ARCH)) \
		$(if $(CROSS_COMPILE),CROSS_COMPILE=$(CROSS_COMPILE)) \
		$(if $(ZBLOCK_CODECS),ZBLOCK_CODECS="$(ZBLOCK_CODECS)") \
		$(if $(TESTS),TESTS=$(TESTS)) $(if $(COVERAGE),COVERAGE=$(COVERAGE)) \
		$(if $(W),W=$(W)) modules

demo:
	$(TOP)/tests/demo/run

test:
	$(TOP)/tests/run

# Every guest test on every stock kernel, then the table of zram's rows.
test-kernels:
	EVERY=1 $(TOP)/tests/run tests/t/20_*.t
	@$(TOP)/tests/rows

# What the VM can do with memory full of our pages, on three stock kernels.
proofs:
	EVERY=1 $(TOP)/tests/run tests/proofs/*.t
	@$(TOP)/tests/proofs/table

# The long forms: hours. Goes on where it was broken off.
soak:
	@$(TOP)/tests/soak/run

# The tests with races to show, on a kernel that looks for data races.
kcsan:
	@$(TOP)/tests/kcsan/run

# Which lines make test reaches, and why not the others.
coverage:
	@$(TOP)/tests/coverage/run

test-boards:
	$(TOP)/tests/run tests/boards/*.t

footprint:
	@$(TOP)/tests/footprint

bench:
	$(TOP)/bench/run

lint:
	$(TOP)/tests/lint

install: modules
	VERSION=$(VERSION) $(TOP)/packaging/install $(OUT)

uninstall:
	VERSION=$(VERSION) $(TOP)/packaging/uninstall

deb:
	$(TOP)/packaging/deb $(TOP)/build/deb

clean:
	rm -rf $(TOP)/build

distclean-lab:
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/zblock-lab"

help:
	@sed -n 's/^# \(make.*\)/\1/p' $(TOP)/Makefile
