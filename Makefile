# dwh_ext: build with PGXS.

EXTENSION  = dwh_ext
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big = $(EXTENSION)

# One file a line, by room.
OBJS = \
	src/module.o \
	src/common/owner.o \
	src/common/spi.o

# What CREATE EXTENSION runs, in this order.
SQL_PARTS = \
	sql/install/00_header.sql \
	sql/install/01_schemas.sql \
	sql/install/90_privileges.sql

# What dwh.create_warehouse() runs, in this order; embedded by the build.
WAREHOUSE_PARTS = \
	sql/warehouse/30_dimensions.sql \
	sql/warehouse/40_facts.sql \
	sql/warehouse/45_landing.sql

DATA       = $(wildcard sql/update/$(EXTENSION)--*--*.sql)
DATA_built = $(EXTENSION)--$(EXTVERSION).sql

PG_CPPFLAGS = -I$(srcdir)/src $(shell curl-config --cflags)
SHLIB_LINK  = $(shell curl-config --libs) -lroaring

EXTRA_CLEAN = $(EXTENSION)--$(EXTVERSION).sql

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(EXTENSION)--$(EXTVERSION).sql: $(SQL_PARTS)
	cat $(SQL_PARTS) > $@

# PGXS tracks no headers.
$(OBJS): $(wildcard src/*/*.h)
