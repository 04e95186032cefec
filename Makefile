# dwh_ext: build with PGXS.
#
#   make, make install      build, install into the server of PG_CONFIG
#   make demo               indicators from loaded data, in a private cluster; nothing else of the machine is touched
#   make test               every test, likewise; KINDS="lint regress isolation pgtap tap" picks some of them
#   make bench              measurements, likewise; BENCH="41 42" picks some of test/bench
#   make property           a thousand random sequences of changes and refreshes, alone and by six sessions at once
#   make fuzz               hostile input to the byte-level code of id sets, without a server; needs clang
#   make lint               the checks of test/lint only
#   make trace              the requirements and the tests that name them

EXTENSION  = dwh_ext
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big = $(EXTENSION)

# One file a line, by room.
OBJS = \
	src/module.o \
	src/common/bulk_insert.o \
	src/common/clock.o \
	src/common/guc.o \
	src/common/identity.o \
	src/common/inner_call.o \
	src/common/nearest.o \
	src/aggregate/id_set.o \
	src/aggregate/id_set_aggregate.o \
	src/aggregate/id_set_algebra.o \
	src/aggregate/id_set_bytes.o \
	src/aggregate/id_set_state.o \
	src/aggregate/id_set_text.o \
	src/aggregate/statistics.o \
	src/common/own_statement.o \
	src/common/owner.o \
	src/common/readable.o \
	src/common/ref_cache.o \
	src/common/row_receiver.o \
	src/common/sha256.o \
	src/common/spi.o \
	src/warehouse/create.o \
	src/warehouse/instance.o \
	src/warehouse/parts.o \
	src/warehouse/roles.o \
	src/warehouse/session.o \
	src/warehouse/strangers.o \
	src/warehouse/upgrade.o \
	src/warehouse/worker.o \
	src/audit/append.o \
	src/audit/archive.o \
	src/audit/attempt.o \
	src/audit/canonical.o src/audit/event_insert.o \
	src/audit/check.o \
	src/audit/export.o \
	src/audit/functions.o \
	src/audit/guard.o \
	src/audit/partition.o \
	src/audit/ring.o \
	src/audit/seal.o \
	src/audit/tree.o \
	src/audit/tree_functions.o \
	src/audit/use.o \
	src/audit/verify.o \
	src/audit/watch.o \
	src/audit/watch_statement.o \
	src/audit/worker.o \
	src/access/act.o \
	src/access/group_role.o \
	src/access/login_role.o \
	src/access/outside.o \
	src/access/sessions.o \
	src/share/act.o \
	src/share/agreement.o \
	src/share/disclosure.o \
	src/share/disclosure_audit.o \
	src/share/disclosure_function.o \
	src/share/fetch.o \
	src/share/guard.o \
	src/share/log.o \
	src/share/own_data.o \
	src/share/push.o \
	src/share/report.o \
	src/share/send.o \
	src/share/worker.o \
	src/identity/authenticate.o \
	src/identity/binding.o \
	src/identity/bound.o \
	src/identity/members.o \
	src/identity/register.o \
	src/identity/token.o \
	src/identity/token_key.o \
	src/identity/token_rows.o \
	src/formula/ast.o \
	src/formula/deparse.o \
	src/formula/gram.o \
	src/formula/parse.o \
	src/formula/row.o \
	src/formula/scan.o \
	src/indicator/answer.o \
	src/indicator/arithmetic.o \
	src/indicator/catalogue.o \
	src/indicator/catalogue_edit.o \
	src/indicator/catalogue_indicator.o \
	src/indicator/catalogue_reach.o \
	src/indicator/catalogue_subject.o \
	src/indicator/check.o \
	src/indicator/closed.o \
	src/indicator/closing.o \
	src/indicator/dependents.o \
	src/indicator/enter_value.o \
	src/indicator/explain.o \
	src/indicator/formula_functions.o \
	src/indicator/evaluate.o \
	src/indicator/manual.o \
	src/indicator/mark.o \
	src/indicator/opening.o \
	src/indicator/over_time.o \
	src/indicator/period.o \
	src/indicator/refresh.o \
	src/indicator/refresh_closed.o \
	src/indicator/refresh_failure.o \
	src/indicator/refresh_reach.o \
	src/indicator/refresh_values.o \
	src/indicator/scan.o \
	src/indicator/source.o \
	src/indicator/single.o \
	src/indicator/summary.o \
	src/indicator/summary_province.o \
	src/indicator/units.o \
	src/indicator/values.o \
	src/indicator/visible.o \
	src/star/calendar.o \
	src/star/codes.o \
	src/star/holidays.o \
	src/star/partitions.o \
	src/star/rates.o \
	src/star/successions.o \
	src/star/units.o \
	src/scope/build.o \
	src/scope/cache.o \
	src/scope/explain.o \
	src/scope/functions.o \
	src/scope/hierarchy.o \
	src/scope/limit_watch.o \
	src/scope/limits.o \
	src/scope/planner.o \
	src/scope/scan.o \
	src/ingest/manual_figures.o

# What CREATE EXTENSION runs, in this order.
SQL_PARTS = \
	sql/install/00_header.sql \
	sql/install/01_schemas.sql \
	sql/install/06_warehouse.sql \
	sql/install/07_identity.sql \
	sql/install/08_audit.sql \
	sql/install/09_audit_tree.sql \
	sql/install/10_audit_archive.sql \
	sql/install/11_audit_check.sql \
	sql/install/11_audit_guards.sql \
	sql/install/12_tokens.sql \
	build/warehouse_part.sql \
	sql/install/20_id_set.sql \
	sql/install/21_id_set_aggregates.sql \
	sql/install/22_statistics.sql \
	sql/install/30_calendar.sql \
	sql/install/31_organisation.sql \
	sql/install/32_partitions.sql \
	sql/install/50_indicator.sql \
	sql/install/52_catalogue.sql \
	sql/install/54_manual_entry.sql \
	sql/install/55_summary.sql \
	sql/install/54_mark.sql \
	sql/install/56_refresh.sql \
	sql/install/57_closing.sql \
	sql/install/60_manual_figures.sql \
	sql/install/70_share.sql \
	sql/install/71_share_services.sql \
	sql/install/72_share_agreements.sql \
	sql/install/73_share_fetch.sql \
	sql/install/74_share_own_data.sql \
	sql/install/74_share_inbound.sql \
	sql/install/75_share_correction.sql \
	sql/install/76_share_push.sql \
	sql/install/77_share_receipt.sql \
	sql/install/78_share_report.sql \
	sql/install/79_disclosure.sql \
	sql/install/79_open_data.sql \
	sql/install/79_open_data_catalogue.sql \
	sql/install/79_open_data_post.sql \
	sql/install/75_scope.sql \
	sql/install/76_scope_explain.sql \
	sql/install/77_scope_check.sql \
	sql/install/78_group_limits.sql \
	sql/install/79_parameter.sql \
	sql/install/80_access.sql \
	sql/install/81_access_request.sql \
	sql/install/82_access_apply.sql \
	sql/install/83_office.sql \
	sql/install/84_access_calls.sql \
	sql/install/84_problem.sql \
	sql/install/85_deadline.sql \
	sql/install/86_access_notice.sql \
	sql/install/87_access_review.sql \
	sql/install/88_access_use.sql \
	sql/install/89_health.sql \
	sql/install/90_privileges.sql

# What dwh.create_warehouse() runs, in this order; embedded by the build (sql/embed.awk). Files from 80 on are attachments.
WAREHOUSE_PARTS = \
	sql/warehouse/10_platform.sql \
	sql/warehouse/12_tokens.sql \
	sql/warehouse/20_calendar.sql \
	sql/warehouse/21_calendar_rows.sql \
	sql/warehouse/22_organisation.sql \
	sql/warehouse/23_organisation_rows.sql \
	sql/warehouse/30_dimensions.sql \
	sql/warehouse/31_dimension_rows.sql \
	sql/warehouse/32_reference_rows.sql \
	sql/warehouse/40_facts.sql \
	sql/warehouse/41_fact_keys.sql \
	sql/warehouse/45_landing.sql \
	sql/warehouse/50_catalogue.sql \
	sql/warehouse/51_catalogue_rows.sql \
	sql/warehouse/52_access_grant.sql \
	sql/warehouse/52_group_limit.sql \
	sql/warehouse/53_access.sql \
	sql/warehouse/55_summary.sql \
	sql/warehouse/56_refresh.sql \
	sql/warehouse/57_closing.sql \
	sql/warehouse/70_share_catalogue.sql \
	sql/warehouse/71_share_services.sql \
	sql/warehouse/72_share_agreements.sql \
	sql/warehouse/73_share_log.sql \
	sql/warehouse/74_share_rows.sql \
	sql/warehouse/75_audit_tree.sql \
	sql/warehouse/76_share_push.sql \
	sql/warehouse/76_share_receipt.sql \
	sql/warehouse/77_problem.sql \
	sql/warehouse/77_share_daily.sql \
	sql/warehouse/78_access_notice.sql \
	sql/warehouse/79_open_data.sql \
	sql/warehouse/79_open_data_post.sql \
	sql/warehouse/80_platform_attachments.sql \
	sql/warehouse/81_identity_attachments.sql \
	sql/warehouse/82_star_attachments.sql \
	sql/warehouse/84_fact_attachments.sql \
	sql/warehouse/85_refresh_attachments.sql \
	sql/warehouse/85_scope_attachments.sql \
	sql/warehouse/86_summary_attachments.sql \
	sql/warehouse/87_closing_attachments.sql \
	sql/warehouse/88_share_attachments.sql \
	sql/warehouse/88_open_data_attachments.sql \
	sql/warehouse/89_audit_attachments.sql \
	sql/warehouse/89_deadline_attachments.sql \
	sql/warehouse/89_office_attachments.sql \
	sql/warehouse/89_share_push_attachments.sql \
	sql/warehouse/89_access_attachments.sql \
	sql/warehouse/90_privileges.sql

# What dwh.upgrade_warehouse() runs: one file a version, named by the version it leads to.
WAREHOUSE_STEPS = $(wildcard sql/warehouse/upgrade/*.sql)

DATA       = $(wildcard sql/update/$(EXTENSION)--*--*.sql)
DATA_built = $(EXTENSION)--$(EXTVERSION).sql

PG_CPPFLAGS = -I$(srcdir)/src $(shell curl-config --cflags)
SHLIB_LINK  = $(shell curl-config --libs) -lcjose -lcrypto -lroaring -lz

# In this order; the first makes the database that all of them share.
REGRESS = \
	warehouse_create \
	warehouse_refusals \
	warehouse_rebuild \
	identity_caller \
	identity_maintenance \
	id_set_type \
	id_set_aggregate \
	id_set_property \
	statistics \
	calendar \
	calendar_lunar \
	organisation \
	contribution_rate \
	indicator_values \
	indicator_plan \
	star_shape \
	star_refusals \
	star_reference \
	manual_figures \
	manual_entry \
	formula_language \
	indicator_catalogue \
	indicator_subject_rights \
	indicator_edges \
	indicator_summary

EXTRA_CLEAN = $(EXTENSION)--$(EXTVERSION).sql build/warehouse_part.sql \
	src/formula/gram.c src/formula/gram.h src/formula/scan.c

.DEFAULT_GOAL := all
.PHONY: all install clean demo test bench crash property fuzz lint trace

# These bring what they need with them (packages, server tree, cluster), so they stand before PGXS and do without it.
PG_CONFIG ?= pg_config
SERVER     = $(if $(filter-out file default undefined,$(origin PG_CONFIG)),PG_CONFIG='$(PG_CONFIG)')
HARNESS    = $(SERVER) test/harness/run

demo:
	@$(HARNESS) demo
bench:
	@$(HARNESS) bench $(BENCH)
test:
	@$(HARNESS) test $(KINDS)
crash:
	@$(HARNESS) test crash
property:
	@$(SERVER) test/harness/property
lint:
	@$(HARNESS) test lint
fuzz:
	@test/fuzz/run.sh
trace:
	@test/harness/trace
list-%:
	@echo $($*)

# libpq-dev alone has a pg_config that names a pgxs.mk it does not bring.
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)

all install:
	@echo "make $@: $(PG_CONFIG) knows no PGXS; install postgresql-server-dev-15 (or later) or set PG_CONFIG" >&2; exit 1
clean:
	rm -f $(OBJS) $(OBJS:.o=.bc) $(MODULE_big).so $(EXTRA_CLEAN)

else

include $(PGXS)

ifneq ($(shell test '$(MAJORVERSION)' -ge 15 2>/dev/null && echo yes),yes)
$(error $(EXTENSION) needs PostgreSQL 15 or later, $(PG_CONFIG) is of $(VERSION))
endif

$(EXTENSION)--$(EXTVERSION).sql: $(SQL_PARTS)
	cat $(SQL_PARTS) > $@

build/warehouse_part.sql: $(WAREHOUSE_PARTS) $(WAREHOUSE_STEPS) sql/embed.awk Makefile
	@mkdir -p build
	awk -f sql/embed.awk $(WAREHOUSE_PARTS) $(WAREHOUSE_STEPS) > $@.new && mv $@.new $@

# The formula language: generated, not committed.
src/formula/gram.c src/formula/gram.h &: src/formula/gram.y
	bison -d -o src/formula/gram.c $<
src/formula/scan.c: src/formula/scan.l
	flex -o $@ $<
src/formula/parse.o src/formula/scan.o: src/formula/gram.h

# PGXS tracks no headers.
$(OBJS): $(wildcard src/*/*.h)

endif
