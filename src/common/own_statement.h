/*
 * own_statement.h
 *		Whether a statement comes from the extension's own code, as far as the privilege watch (audit/watch.c) is concerned.
 *
 * A part of C code that runs statements of ours stands between dwh_own_begin() and dwh_own_end(); dwh_owner_enter() and
 * dwh_owner_leave() are such a pair. No setting and no SQL function reaches this. After an ERROR the end of the (sub)transaction in which
 * the outermost part began ends it, so callers need no PG_TRY.
 *
 *	int		before = dwh_own_begin();
 *
 *	dwh_spi_utility("CREATE ROLE ...");
 *	dwh_own_end(before);
 */
#ifndef DWH_OWN_STATEMENT_H
#define DWH_OWN_STATEMENT_H

extern void dwh_own_init(void);
extern int	dwh_own_begin(void);
extern void dwh_own_end(int before);
extern bool dwh_own_is_running(void);

#endif							/* DWH_OWN_STATEMENT_H */
